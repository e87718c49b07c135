// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "tests/engine/remote/fake_server.h"

namespace sloburn::remote {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

std::unique_ptr<HttpClient> Client(const FakeServer& server, HttpClientOptions options = {}) {
  options.url = server.url(options.url);
  auto client = HttpClient::Create(std::move(options));
  EXPECT_TRUE(client.ok()) << client.status();
  return *std::move(client);
}

TEST(UrlTest, Parses) {
  const auto url = ParseUrl("https://us%40er:p%3Aw@Prom.example:9090/prefix?a=b");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->is_https);
  EXPECT_EQ(url->host, "Prom.example");
  EXPECT_EQ(url->port, 9090);
  EXPECT_EQ(url->path, "/prefix");
  EXPECT_EQ(url->query, "a=b");
  EXPECT_EQ(url->username, "us@er");
  EXPECT_EQ(url->password, "p:w");
  EXPECT_EQ(url->Redacted(), "https://Prom.example:9090/prefix");
  EXPECT_EQ(ParseUrl("http://[::1]")->Authority(), "[::1]:80");
  EXPECT_EQ(ParseUrl("https://h")->Authority(), "h:443");
  EXPECT_EQ(ParseUrl("http://h?x=1")->path, "/");
}

TEST(UrlTest, RefusesWithTheFixAndWithoutSecrets) {
  for (const char* bad :
       {"", "localhost:9090", "ftp://h", "http://", "http://u:secret@", "http://h:0",
        "http://h:65536", "http://h:x", "http://h/a b", "http://u:secret@h/#f", "http://[::1",
        "http://[zz]/", "http://u:%zz@h", "file:///etc/passwd", "http://h\r\nX: y", "http://a b"}) {
    const absl::Status status = ParseUrl(bad).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad;
    EXPECT_THAT(Message(status), AllOf(HasSubstr("write it as"), Not(HasSubstr("secret"))));
  }
}

TEST(HttpClientTest, SendsWhatIsConfigured) {
  FakeServer server([](const FakeRequest&) { return Answer(200, "pong", "X-A: b\r\n"); });
  const auto client = Client(server, {.url = "/prefix/?tenant=1",
                                      .basic_auth = {"me", "pw", ""},
                                      .headers = {{"X-Scope-OrgID", "7"}},
                                      .user_agent = "test/1"});
  const auto response = client->Get("/api", "q=1");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "pong");
  EXPECT_EQ(response->Header("x-a"), "b");
  const FakeRequest request = server.requests().at(0);
  EXPECT_EQ(request.target, "/prefix/api?tenant=1&q=1");
  EXPECT_EQ(request.Header("authorization"), "Basic bWU6cHc=");
  EXPECT_EQ(request.Header("x-scope-orgid"), "7");
  EXPECT_EQ(request.Header("user-agent"), "test/1");
  EXPECT_EQ(request.Header("host"), StrCat("127.0.0.1:", server.port()));
}

TEST(HttpClientTest, SecretsAreReadAtEachRequest) {
  const std::string file = testing::TempDir() + "/credentials";
  std::ofstream(file) << "one\n";
  FakeServer server([](const FakeRequest&) { return Answer(200, ""); });
  const auto client = Client(server, {.authorization = {"Bearer", "", file}});
  ASSERT_TRUE(client->Get("/").ok());
  std::ofstream(file) << "two\n";
  ASSERT_TRUE(client->Get("/").ok());
  EXPECT_EQ(server.requests()[0].Header("authorization"), "Bearer one");
  EXPECT_EQ(server.requests()[1].Header("authorization"), "Bearer two");
  EXPECT_TRUE(absl::IsNotFound(
      HttpClient::Create({.url = "http://h", .authorization = {"Bearer", "", "/none"}}).status()));
}

TEST(HttpClientTest, UserinfoServesAsBasicAuthAndIsNeverShown) {
  FakeServer server([](const FakeRequest&) { return Answer(500, "broken"); });
  const auto client = HttpClient::Create(
      {.url = StrCat("http://me:hunter2@127.0.0.1:", server.port(), "/x?token=hunter3")});
  ASSERT_TRUE(client.ok()) << client.status();
  const auto response = (*client)->Get("");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(server.requests()[0].Header("authorization"), "Basic bWU6aHVudGVyMg==");
  const std::string message = Message((*client)->ToStatus(*response));
  EXPECT_THAT(message, AllOf(HasSubstr("answered 500: broken"), Not(HasSubstr("hunter"))));
}

TEST(HttpClientTest, HeadersFromFilesFollowTheOthersOfTheirName) {
  const std::string file = testing::TempDir() + "/header";
  std::ofstream(file) << " three \n";
  FakeServer server([](const FakeRequest&) { return Answer(200, ""); });
  const auto client =
      Client(server, {.headers = {{"X-A", "one"}, {"x-a", "two"}}, .header_files = {{"X-A", file}}});
  ASSERT_TRUE(client->Get("/").ok());
  EXPECT_EQ(server.requests()[0].Header("x-a"), "one, two, three");
}

TEST(HttpClientTest, SecretsThatTheServerRepeatsAreMasked) {
  FakeServer server([](const FakeRequest& request) {
    return Answer(request.target == "/good" ? 200 : 401,
                  StrCat("you sent ", request.Header("authorization"), " and ",
                         request.Header("x-key"), "; hunter2 is wrong"));
  });
  const auto client =
      Client(server, {.basic_auth = {"me", "hunter2"}, .headers = {{"X-Key", "hunter2-too"}}});
  const auto response = client->Get("/bad");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "you sent <secret> and <secret>; <secret> is wrong");
  EXPECT_THAT(client->Get("/good")->body, HasSubstr("hunter2-too"));
}

TEST(HttpClientTest, KeepsConnections) {
  FakeServer server([](const FakeRequest& request) { return Answer(200, request.body); });
  const auto client = Client(server);
  for (int i = 0; i < 5; ++i) {
    const auto response = client->Post("/", StrCat("body ", i), "text/plain");
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->body, StrCat("body ", i));
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientTest, ReconnectsWhereTheServerHadClosed) {
  FakeServer server([](const FakeRequest&) {
    FakeAnswer answer = Answer(200, "x");
    answer.closes = true;  // without saying so
    return answer;
  });
  const auto client = Client(server);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client->Get("/").ok());
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClientTest, ManyThreads) {
  FakeServer server([](const FakeRequest& request) { return Answer(200, request.body); });
  const auto client = Client(server);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string body = StrCat(t, "/", i);
        const auto response = client->Post("/", body, "text/plain");
        if (response.ok() && response->body == body) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 160);
}

TEST(HttpClientTest, StatusCodesKeepTheServersWords) {
  const std::pair<int, absl::StatusCode> cases[] = {
      {301, absl::StatusCode::kFailedPrecondition}, {400, absl::StatusCode::kInvalidArgument},
      {401, absl::StatusCode::kUnauthenticated},    {403, absl::StatusCode::kPermissionDenied},
      {404, absl::StatusCode::kNotFound},           {429, absl::StatusCode::kUnavailable},
      {500, absl::StatusCode::kUnavailable},        {503, absl::StatusCode::kUnavailable},
      {504, absl::StatusCode::kDeadlineExceeded},   {999, absl::StatusCode::kUnavailable}};
  for (const auto& [status, code] : cases) {
    FakeServer server([status = status](const FakeRequest&) {
      return Answer(status, "bad\nthing \x1b[31m" + std::string(5000, 'z'));
    });
    const auto client = Client(server);
    const auto response = client->Get("/p");
    ASSERT_TRUE(response.ok()) << response.status();
    const absl::Status result = client->ToStatus(*response, "/p");
    EXPECT_EQ(result.code(), code) << status;
    EXPECT_THAT(Message(result), HasSubstr(StrCat(server.url("/p"), " answered ", status)));
    EXPECT_LT(result.message().size(), 1200u);
    EXPECT_THAT(Message(result), Not(HasSubstr("\x1b")));
    EXPECT_THAT(Message(result), HasSubstr(status == 301 ? "redirect" : "bad thing"));
  }
}

TEST(HttpClientTest, BasicAuthFromFiles) {
  FakeServer server([](const FakeRequest&) { return Answer(200, ""); });
  const std::string username = testing::TempDir() + "/username";
  const std::string password = testing::TempDir() + "/password";
  std::ofstream(username) << "me\n";
  std::ofstream(password) << "pass word\r\n";
  const auto client = Client(server, {.basic_auth = {"", "", password, username}});
  ASSERT_TRUE(client->Get("/").ok());
  EXPECT_EQ(server.requests().back().Header("authorization"), "Basic bWU6cGFzcyB3b3Jk");
  EXPECT_THAT(Message(HttpClient::Create({.url = server.url("/"),
                                          .basic_auth = {"me", "", "", username}})
                          .status()),
              HasSubstr("at most one of username and username_file"));
}

TEST(HttpClientTest, RedirectsAreNotFollowed) {
  FakeServer other([](const FakeRequest&) { return Answer(200, "stolen"); });
  FakeServer server([&](const FakeRequest&) {
    return Answer(302, "", StrCat("Location: ", other.url("/"), "\r\n"));
  });
  const auto client = Client(server, {.basic_auth = {"me", "pw", ""}});
  const auto response = client->Get("/");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 302);
  EXPECT_TRUE(other.requests().empty());
}

TEST(HttpClientTest, ConnectionRefusedNamesHostAndPort) {
  int port = 0;
  {
    port = FakeServer([](const FakeRequest&) { return Answer(200, ""); }).port();
  }
  const auto client = HttpClient::Create({.url = StrCat("http://127.0.0.1:", port)});
  const absl::Status status = (*client)->Get("/x").status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(Message(status),
              AllOf(HasSubstr(StrCat("127.0.0.1:", port)), HasSubstr("connection refused")));
}

TEST(HttpClientTest, UnknownHostIsAnError) {
  const auto client = HttpClient::Create({.url = "http://name.invalid"});
  const absl::Status status = (*client)->Get("/").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(Message(status), HasSubstr("cannot resolve the name"));
}

TEST(HttpClientTest, AServerThatHangsMeetsTheIdleTimeout) {
  FakeServer server([](const FakeRequest&) {
    FakeAnswer answer = Answer(200, "late");
    answer.delay = absl::Seconds(5);
    return answer;
  });
  const auto client = Client(server, {.idle_timeout = absl::Milliseconds(100)});
  const absl::Time start = absl::Now();
  EXPECT_TRUE(absl::IsDeadlineExceeded(client->Get("/").status()));
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

TEST(HttpClientTest, AServerThatTricklesMeetsTheTotalTimeout) {
  for (const bool in_head : {true, false}) {
    FakeServer server([in_head](const FakeRequest&) {
      FakeAnswer answer = in_head ? Answer(200, "", "X: " + std::string(4000, 'x') + "\r\n")
                                  : Answer(200, std::string(4000, 'x'));
      answer.pause = absl::Milliseconds(10);
      return answer;
    });
    const auto client = Client(server, {.total_timeout = absl::Milliseconds(200)});
    const absl::Time start = absl::Now();
    EXPECT_TRUE(absl::IsDeadlineExceeded(client->Get("/").status())) << in_head;
    EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  }
}

TEST(HttpClientTest, AnswersAreBounded) {
  FakeServer large([](const FakeRequest&) { return Answer(200, std::string(2 << 20, 'x')); });
  EXPECT_TRUE(
      absl::IsResourceExhausted(Client(large, {.max_response_bytes = 1 << 20})->Get("/").status()));
  FakeServer head([](const FakeRequest&) {
    return Answer(200, "", "X: " + std::string(100 << 10, 'x') + "\r\n");
  });
  EXPECT_TRUE(absl::IsResourceExhausted(Client(head)->Get("/").status()));
  FakeServer many_headers([](const FakeRequest&) {
    std::string headers;
    for (int i = 0; i < 20'000; ++i) StrAppend(&headers, "X-", i, ": y\r\n");
    return Answer(200, "", headers);
  });
  EXPECT_TRUE(absl::IsResourceExhausted(Client(many_headers)->Get("/").status()));
}

TEST(HttpClientTest, NonsenseIsUnavailable) {
  for (const char* bytes :
       {"", "\x16\x03\x01 this is not HTTP\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\n"}) {
    FakeServer server([bytes](const FakeRequest&) { return FakeAnswer{bytes, true}; });
    const absl::Status status = Client(server)->Get("/").status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << bytes << " -> " << status;
    EXPECT_THAT(Message(status), HasSubstr(server.url("/")));
  }
}

TEST(HttpClientTest, InterimAnswersAreSkipped) {
  FakeServer server([](const FakeRequest&) {
    return FakeAnswer{"HTTP/1.1 100 Continue\r\n\r\n" + Answer(200, "done").bytes};
  });
  const auto response = Client(server)->Get("/");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "done");
}

TEST(HttpClientTest, StreamsPiecesAndStopsAtTheReceiversError) {
  FakeServer server([](const FakeRequest&) { return Answer(200, std::string(1 << 20, 'x')); });
  const auto client = Client(server);
  size_t total = 0;
  const auto head = [](const HttpResponse& response) {
    EXPECT_EQ(response.status, 200);
    return absl::OkStatus();
  };
  ASSERT_TRUE(client
                  ->SendStreamed({}, head,
                                 [&](std::string_view piece) {
                                   total += piece.size();
                                   return absl::OkStatus();
                                 })
                  .ok());
  EXPECT_EQ(total, size_t{1} << 20);
  const absl::Status status =
      client->SendStreamed({}, head, [](std::string_view) { return absl::DataLossError("stop"); })
          .status();
  EXPECT_TRUE(absl::IsDataLoss(status));
}

TEST(HttpClientTest, AStreamWithoutAnEndIsRefused) {
  FakeServer server([](const FakeRequest&) {
    return FakeAnswer{"HTTP/1.1 200 OK\r\n\r\nabc", true};
  });
  const auto client = Client(server);
  const auto ignore = [](const auto&) { return absl::OkStatus(); };
  EXPECT_TRUE(absl::IsUnavailable(client->SendStreamed({}, ignore, ignore).status()));
  EXPECT_EQ(client->Get("/")->body, "abc");
}

TEST(HttpClientTest, CancelEndsARunningRequest) {
  FakeServer server([](const FakeRequest&) {
    FakeAnswer answer = Answer(200, "late");
    answer.delay = absl::Seconds(5);
    return answer;
  });
  const auto client = Client(server);
  std::thread canceller([&] {
    absl::SleepFor(absl::Milliseconds(50));
    client->Cancel();
  });
  const absl::Time start = absl::Now();
  EXPECT_TRUE(absl::IsCancelled(client->Get("/").status()));
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  canceller.join();
  EXPECT_TRUE(absl::IsCancelled(client->Get("/").status()));
}

TEST(HttpClientTest, OptionsAreChecked) {
  EXPECT_TRUE(absl::IsInvalidArgument(HttpClient::Create({.url = "h:1"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      HttpClient::Create(
          {.url = "http://h", .basic_auth = {"u", "p", ""}, .authorization = {"Bearer", "t", ""}})
          .status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      HttpClient::Create({.url = "http://h", .headers = {{"X", "a\r\nY: b"}}}).status()));
  EXPECT_TRUE(absl::IsNotFound(
      HttpClient::Create({.url = "https://h", .tls = {.ca_file = "/none.pem"}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      HttpClient::Create({.url = "https://h", .tls = {.cert_file = "/a.pem"}}).status()));
}

TEST(ServerWordsTest, CleansAndCuts) {
  EXPECT_EQ(ServerWords("  a\r\n\tb\x01  "), "a b");
  EXPECT_EQ(ServerWords("\xff"
                        "x"),
            "?x");
  EXPECT_EQ(ServerWords("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace sloburn::remote
