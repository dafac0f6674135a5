namespace DaprOrders.Stack;

/// <summary>The stack cannot start or continue. The message tells the user why, and what to do about it.</summary>
public sealed class StackException : Exception
{
    public StackException()
    {
    }

    public StackException(string message)
        : base(message)
    {
    }

    public StackException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
