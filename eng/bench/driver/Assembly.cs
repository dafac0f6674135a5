using System.Runtime.Versioning;

[assembly: UnsupportedOSPlatform("windows")] // the benchmark reads /proc and sends signals
