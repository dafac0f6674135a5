using System.Runtime.Versioning;

[assembly: UnsupportedOSPlatform("windows")] // it reads /proc and sends signals
