@echo off
rem Builds the solution and runs tests: test.cmd [form] [options of the xunit runner]. test.cmd --help lists the forms.
setlocal DisableDelayedExpansion
cd /d "%~dp0"
call eng\cli\prepare.cmd || exit /b
dotnet %cli% test %*
