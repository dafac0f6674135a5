using System.Runtime.Versioning;
using Xunit.v3;

// The tests use bash, signals and /proc.
[assembly: UnsupportedOSPlatform("windows")]

// At most three classes run in parallel. More would take too much CPU time from the tests of the whole system.
[assembly: Parallelization(MaxThreads = 3)]
