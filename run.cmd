@echo off
rem Starts the whole system, with the .NET SDK 10 and PostgreSQL. run.cmd --help lists what else it can do.
setlocal DisableDelayedExpansion
cd /d "%~dp0"
call eng\cli\prepare.cmd || exit /b
dotnet %cli% %*
