using System.Runtime.Versioning;
using Xunit.v3;

// bash, signals and /proc.
[assembly: UnsupportedOSPlatform("windows")]

// Two classes at a time, beside the one that waits for a minute: the tests of the whole system need the processor.
[assembly: Parallelization(MaxThreads = 3)]
