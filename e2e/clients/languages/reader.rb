# Reads an answer by net/http, which Ruby brings along.
require 'net/http'

$stdout.sync = true
url = URI(ARGV[0])
request = Net::HTTP::Post.new(url, 'Content-Type' => 'application/json')
request.body = $stdin.read
Net::HTTP.start(url.host, url.port) do |http|
  http.request(request) do |response|
    response.value # raises at an error
    puts "id #{response['X-Completion-Id']}"
    if response.content_type == 'text/event-stream'
      rest = +''
      response.read_body do |bytes|
        rest << bytes
        while (line = rest.slice!(/\A.*\n/))
          puts "data #{line.delete_prefix('data: ')}" if line.start_with?('data: ')
        end
      end
    else
      puts "data #{response.body}"
    end
  end
end
