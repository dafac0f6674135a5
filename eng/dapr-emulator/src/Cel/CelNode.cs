namespace DaprOrders.DaprEmulator.Cel;

/// <summary>A part of an expression.</summary>
internal abstract record CelNode
{
    public sealed record Literal(object? Value) : CelNode;

    public sealed record Name(string Text) : CelNode;

    /// <summary><c>a.field</c>, or with <paramref name="Test"/> <c>has(a.field)</c>.</summary>
    public sealed record Member(CelNode Of, string Field, bool Test = false) : CelNode;

    public sealed record Items(IReadOnlyList<CelNode> All) : CelNode;

    /// <summary>An operator, a function, or a method, whose first argument is what it is called on.</summary>
    public sealed record Call(string Function, params IReadOnlyList<CelNode> Arguments) : CelNode;

    /// <summary><c>list.exists(x, condition)</c> and its kind.</summary>
    public sealed record Loop(string Macro, CelNode Over, string Variable, CelNode Body) : CelNode;
}
