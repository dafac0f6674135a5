@echo off
rem Starts the whole system. It needs the .NET SDK 10 and PostgreSQL. run.cmd --help lists the other commands.
setlocal DisableDelayedExpansion
cd /d "%~dp0"
call eng\cli\prepare.cmd || exit /b
dotnet %cli% %*
