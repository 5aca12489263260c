import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.stream.Collectors;

/** Reads an answer by java.net.http, in lines as it has them. */
class Reader {
    public static void main(String[] args) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(args[0]))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(System.in.readAllBytes()))
            .build();
        var out = new java.io.PrintStream(System.out, true, "UTF-8");
        var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new Exception("status " + response.statusCode() + ": " + response.body().collect(Collectors.joining()));
        }
        out.println("id " + response.headers().firstValue("X-Completion-Id").orElse(""));
        if (response.headers().firstValue("Content-Type").orElse("").startsWith("text/event-stream")) {
            response.body().filter(line -> line.startsWith("data: ")).forEach(line -> out.println("data " + line.substring(6)));
        } else {
            out.println("data " + response.body().collect(Collectors.joining()));
        }
    }
}
