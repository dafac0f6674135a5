using System.Runtime.Versioning;
using Xunit.v3;

[assembly: UnsupportedOSPlatform("windows")]

// Each run takes the whole machine.
[assembly: Parallelization(MaxThreads = 1)]
