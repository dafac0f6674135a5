using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Scripts;

public sealed class HttpFileTests
{
    [Fact]
    public void Every_request_of_the_tour_states_its_status()
    {
        var requests = HttpFile.Read(File.ReadAllText(Path.Combine(Repository.Root, "docs/orders.http")));

        Assert.NotEmpty(requests);
        Assert.All(requests, request => Assert.StartsWith("http://localhost:8000/", request.Url, StringComparison.Ordinal));
    }

    [Fact]
    public void Request_has_a_heading_name_headers_and_body()
    {
        var request = Assert.Single(HttpFile.Read(
            """
            # A comment before the first request.
            @host = http://localhost:8000

            ### Place an order: 201 pending
            # It is settled later.
            # @name place
            POST {{host}}/orders/{{other.response.body.$.id}}
            Content-Type: application/json
            Idempotency-Key: a:b

            { "item_id": "item-1",

              "quantity": 1 }

            """));

        Assert.Equal(("Place an order: 201 pending", 201, "pending", "place"), (request.Heading, request.Status, request.Word, request.Name));
        Assert.Equal(("POST", "http://localhost:8000/orders/{{other.response.body.$.id}}"), (request.Method, request.Url));
        Assert.Equal(["application/json", "a:b"], request.Headers.Values);
        Assert.Equal("{ \"item_id\": \"item-1\",\n\n  \"quantity\": 1 }", request.Body);
    }

    [Theory]
    [InlineData("###\nGET http://localhost/", "'' does not end with the expected status, for example ': 201' or ': 200 confirmed'.")]
    [InlineData("### Read it\nGET http://localhost/", "'Read it' does not end with the expected status, for example ': 201' or ': 200 confirmed'.")]
    [InlineData("### Read it: 200\n# nothing", "'Read it: 200' has no line with method and URL.")]
    public void Incomplete_request_is_an_error_that_names_it(string text, string error) =>
        Assert.Equal(error, Assert.Throws<InvalidDataException>(() => HttpFile.Read(text)).Message);
}
