using System.Runtime.Versioning;
using Xunit.v3;

[assembly: UnsupportedOSPlatform("windows")]

// Each run needs the whole machine.
[assembly: Parallelization(MaxThreads = 1)]
