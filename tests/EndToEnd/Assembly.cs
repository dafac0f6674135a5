using System.Runtime.Versioning;
using Xunit.v3;

// bash, signals and /proc.
[assembly: UnsupportedOSPlatform("windows")]

// Most of these tests wait for something, one of them for a minute.
[assembly: Parallelization(MaxThreads = 4)]
