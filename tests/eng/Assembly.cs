using System.Runtime.Versioning;
using Xunit.v3;

// The tests use bash, signals and /proc.
[assembly: UnsupportedOSPlatform("windows")]

// Few classes run in parallel, because each test of the whole system needs the processor. One of the three only waits for a minute.
[assembly: Parallelization(MaxThreads = 3)]
