using System.Runtime.Versioning;
using Xunit.v3;

[assembly: UnsupportedOSPlatform("windows")]

// A fault run uses the whole machine, so runs must not overlap.
[assembly: Parallelization(MaxThreads = 1)]
