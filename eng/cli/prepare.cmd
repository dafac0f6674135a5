@echo off
rem Finds the SDK and builds the command line. run.cmd and test.cmd call it in the root of the clone.
set where=get it from https://dotnet.microsoft.com/download
cd | findstr /r "[%%;]" >nul && (echo the .NET SDK cannot build in a folder with a %% or a ; in its path. Move the clone to another folder>&2 & exit /b 2)
where dotnet >nul 2>nul || (echo dotnet is not on PATH: the .NET SDK 10 is needed; %where%>&2 & exit /b 1)
set DOTNET_NOLOGO=1
set DOTNET_CLI_TELEMETRY_OPTOUT=1
set DOTNET_GENERATE_ASPNET_CERTIFICATE=false
dotnet --list-sdks | findstr /b "10\." >nul || (echo the .NET SDK 10 is not installed; %where%>&2 & exit /b 1)
if not exist .dapr-orders mkdir .dapr-orders
dotnet build eng\cli -v q -clp:NoSummary -nodeReuse:false -p:UseSharedCompilation=false >.dapr-orders\cli.log 2>&1 || (type .dapr-orders\cli.log>&2 & exit /b 1)
set cli=artifacts\bin\DaprOrders.Cli\debug\DaprOrders.Cli.dll
