// SPDX-License-Identifier: Apache-2.0
// The server with plain handlers: framing, limits, deadlines, lanes and the end.
#include "web/server.h"

#include <atomic>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/web/raw_client.h"

namespace sloburn::web {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options_.listen_addresses = {"127.0.0.1:0"};
    router_.Add({"GET"}, "/-/healthy", Lane::kHealth,
                [](const Request&) { return Response::Text(200, "healthy\n"); });
    router_.Add({"GET", "POST"}, "/echo", Lane::kQuery, [](const Request& request) {
      return Response::Text(
          200, StrCat(request.method, " ", request.path, " ", request.query, " ", request.body));
    });
    router_.Add({"POST"}, "/write", Lane::kWrite, [](const Request& request) {
      return Response::Text(200, StrCat(request.body.size()));
    });
    router_.Add({"GET"}, "/large", Lane::kQuery,
                [](const Request&) { return Response::Text(200, std::string(5 << 20, 'x')); });
    router_.Add({"GET"}, "/slow", Lane::kQuery, [this](const Request& request) {
      ++slow_running_;
      while (!release_.HasBeenNotified() && !request.cancelled->load()) {
        absl::SleepFor(absl::Milliseconds(5));
      }
      --slow_running_;
      if (request.cancelled->load()) ++cancelled_;
      return Response::Text(200, "slow\n");
    });
  }

  ~ServerTest() override {
    if (!release_.HasBeenNotified()) release_.Notify();
    server_.reset();
  }

  int Start() {
    auto server = Server::Start(options_, router_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    return server_->port();
  }

  double Counter(std::string_view name) {
    std::vector<MetricFamily> families;
    server_->CollectMetrics(families);
    for (const MetricFamily& family : families) {
      if (family.name == name) return family.samples[0].value;
    }
    ADD_FAILURE() << "no metric " << name;
    return -1;
  }

  static bool WaitFor(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }

  ServerOptions options_;
  Router router_;
  absl::Notification release_;
  std::atomic<int> slow_running_{0}, cancelled_{0};
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersOnePathAndRefusesAnother) {
  const int port = Start();
  const RawResponse good = Get(port, "/echo?a=1");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.body, "GET /echo a=1 ");
  EXPECT_EQ(good.Header("Connection"), "close");
  EXPECT_THAT(good.Header("Date"), HasSubstr("GMT"));
  const RawResponse unknown = Get(port, "/nothing");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "404 page not found\n");
}

TEST_F(ServerTest, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  RawClient client(Start());
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    StrAppend(&requests, "POST /echo?n=", i, " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n",
              10 + i);
  }
  ASSERT_TRUE(client.Send(requests));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.Read().body, StrCat("POST /echo n=", i, " ", 10 + i));
  }
}

TEST_F(ServerTest, OldClientsGetWhatTheyAskFor) {
  RawClient client(Start());
  client.Send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.Read().Header("Connection"), "keep-alive");
  client.Send("GET /echo HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.Read().Header("Connection"), "close");
  EXPECT_TRUE(client.WaitForClose());
}

TEST_F(ServerTest, HeadHasTheLengthButNoBody) {
  RawClient client(Start());
  client.Send("HEAD /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n");
  const RawResponse response = client.Read(absl::Seconds(10), /*has_body=*/false);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Content-Length"), "8");
  client.Send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");  // nothing of a body lies in between
  EXPECT_EQ(client.Read().body, "GET /echo  ");
}

TEST_F(ServerTest, OtherMethodsAreNamed) {
  const int port = Start();
  const RawResponse options = Exchange(port, "OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.Header("Allow"), "GET, OPTIONS, POST");
  for (const char* method : {"PUT", "DELETE", "BREW", "TRACE"}) {
    const RawResponse refused =
        Exchange(port, StrCat(method, " /echo HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(refused.status, 405) << method;
    EXPECT_EQ(refused.body, "Method Not Allowed\n");
  }
}

TEST_F(ServerTest, ChunkedBodiesAreJoined) {
  const RawResponse response =
      Exchange(Start(),
               "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nTrailer: 1\r\n\r\n");
  EXPECT_EQ(response.body, "POST /echo  abcdefg");
}

TEST_F(ServerTest, ExpectedContinueIsGivenBeforeTheBody) {
  RawClient client(Start());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  absl::SleepFor(absl::Milliseconds(100));
  client.Send("abc");
  EXPECT_EQ(client.Read().body, "POST /echo  abc");
  EXPECT_EQ(client.interim_answers(), 1);
}

TEST_F(ServerTest, TooLargeABodyIsRefusedBeforeItIsSent) {
  RawClient client(Start());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
      "Content-Length: 10000000\r\n\r\n");
  EXPECT_EQ(client.Read().status, 413);
  EXPECT_EQ(client.interim_answers(), 0);
}

TEST_F(ServerTest, WriteBodiesMayBeLarger) {
  const int port = Start();
  const std::string body(4 << 20, 'b');
  const auto post = [&](std::string_view path) {
    return Exchange(port, StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\nContent-Length: ",
                                 body.size(), "\r\n\r\n", body));
  };
  EXPECT_EQ(post("/echo").status, 413);
  const RawResponse written = post("/write");
  EXPECT_EQ(written.status, 200);
  EXPECT_EQ(written.body, StrCat(body.size()));
}

TEST_F(ServerTest, AllBodiesTogetherAreLimited) {
  options_.max_buffered_body_bytes = 1000;
  const int port = Start();
  RawClient first(port);
  first.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 800\r\n\r\n");
  RawClient second(port);
  absl::SleepFor(absl::Seconds(1));  // until the server has seen the first header, even when busy
  second.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 800\r\n\r\n");
  const RawResponse refused = second.Read();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  first.Send(std::string(800, 'a'));
  EXPECT_EQ(first.Read().status, 200);
  // The room is given back after the answer has been written.
  const std::string third = StrCat("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 800\r\n\r\n",
                                   std::string(800, 'b'));
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  int status = 0;
  while ((status = Exchange(port, third).status) == 503 && absl::Now() < deadline) {
  }
  EXPECT_EQ(status, 200);
}

TEST_F(ServerTest, LargeAnswersArriveWhole) {
  EXPECT_EQ(Get(Start(), "/large").body, std::string(5 << 20, 'x'));
}

struct Attack {
  const char* name;
  std::string request;
  int status;
};

std::vector<Attack> Attacks() {
  const std::string get = "GET /echo HTTP/1.1\r\nHost: a\r\n";
  const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  std::string many_headers = get;
  for (int i = 0; i < 300; ++i) StrAppend(&many_headers, "A", i, ": 1\r\n");
  return {
      {"one huge header", StrCat(get, "X: ", std::string(1 << 20, 'a'), "\r\n\r\n"), 431},
      {"header just over the limit", StrCat(get, "X: ", std::string(17000, 'a'), "\r\n\r\n"), 431},
      {"many headers", StrCat(many_headers, "\r\n"), 431},
      {"long target", StrCat("GET /", std::string(70000, 'a'), " HTTP/1.1\r\nHost: a\r\n\r\n"),
       414},
      {"endless target", StrCat("GET /", std::string(1 << 20, 'a')), 414},
      {"length too large", StrCat(post, "Content-Length: 2000000\r\n\r\n"), 413},
      {"chunk too large", StrCat(post, "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n"), 413},
      {"chunks too large together",
       StrCat(post, "Transfer-Encoding: chunked\r\n\r\n80000\r\n", std::string(0x80000, 'a'),
              "\r\n80001\r\n", std::string(0x80001, 'b'), "\r\n0\r\n\r\n"),
       413},
      {"negative chunk", StrCat(post, "Transfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n"), 400},
      {"chunk overflow", StrCat(post, "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"),
       400},
      {"chunk without end", StrCat(post, "Transfer-Encoding: chunked\r\n\r\n2\r\nabXX0\r\n\r\n"),
       400},
      {"length, then chunked",
       StrCat(post, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
      {"chunked, then length",
       StrCat(post, "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"), 400},
      {"two lengths", StrCat(post, "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400},
      {"list of lengths", StrCat(post, "Content-Length: 3, 4\r\n\r\nabcd"), 400},
      {"negative length", StrCat(post, "Content-Length: -3\r\n\r\n"), 400},
      {"length overflow", StrCat(post, "Content-Length: 99999999999999999999\r\n\r\n"), 400},
      {"length in words", StrCat(post, "Content-Length: ten\r\n\r\n"), 400},
      {"unknown coding", StrCat(post, "Transfer-Encoding: gzip\r\n\r\n"), 501},
      {"chunked is not last", StrCat(post, "Transfer-Encoding: chunked, gzip\r\n\r\n"), 501},
      {"chunked twice",
       StrCat(post,
              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
              "\r\n0\r\n\r\n"),
       400},
      {"old client with chunks",
       "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"no host", "GET /echo HTTP/1.1\r\n\r\n", 400},
      {"two hosts", StrCat(get, "Host: b\r\n\r\n"), 400},
      {"space before the colon", StrCat(get, "X : 1\r\n\r\n"), 400},
      {"NUL in the target", StrCat("GET /a", std::string(1, '\0'), "b HTTP/1.1\r\nHost: a\r\n\r\n"),
       400},
      {"NUL in a header", StrCat(get, "X: a", std::string(1, '\0'), "b\r\n\r\n"), 400},
      {"bare line feeds: the version has no end", "GET /echo HTTP/1.1\nHost: a\n\n", 505},
      {"target without a path", "GET echo HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"no target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"bad version", "GET /echo HTTP/9.9\r\nHost: a\r\n\r\n", 505},
      {"not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n", 400},
      {"unknown expectation", StrCat(get, "Expect: 200-ok\r\n\r\n"), 417},
      {"bad escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"escaped NUL", "GET /echo%00 HTTP/1.1\r\nHost: a\r\n\r\n", 404},
      {"path traversal", "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404},
      {"escaped traversal", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404},
      {"escaped slash", "GET /-%2fhealthy HTTP/1.1\r\nHost: a\r\n\r\n", 404},
      {"double slash", "GET //evil.example/echo HTTP/1.1\r\nHost: a\r\n\r\n", 404},
      {"absolute target of another host",
       "GET http://evil.example/echo HTTP/1.1\r\nHost: a\r\n\r\n", 200},
      {"tunnel", "CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"range is ignored", StrCat(get, "Range: bytes=0-,0-,0-\r\n\r\n"), 200},
  };
}

int64_t ResidentKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stoll(line.substr(6));
  }
  return 0;
}

TEST_F(ServerTest, EveryAttackHasItsAnswer) {
  const int port = Start();
  for (const Attack& attack : Attacks()) {
    EXPECT_EQ(Exchange(port, attack.request).status, attack.status) << attack.name;
    EXPECT_EQ(Get(port, "/-/healthy").status, 200) << "after: " << attack.name;
  }
}

TEST_F(ServerTest, RefusedRequestsCloseTheConnection) {
  const int port = Start();
  for (const Attack& attack : Attacks()) {
    if (attack.status < 400 || attack.status == 404) continue;
    if (std::string_view(attack.name) == "bad escape") continue;  // well framed
    RawClient client(port);
    client.Send(attack.request);
    EXPECT_EQ(client.Read().Header("Connection"), "close") << attack.name;
    client.FinishSending();
    EXPECT_TRUE(client.WaitForClose()) << attack.name;
  }
}

TEST_F(ServerTest, EndlessBodiesCostNoMemory) {
  const int port = Start();
  const std::string piece = StrCat("10000\r\n", std::string(0x10000, 'a'), "\r\n");
  const int64_t before = ResidentKilobytes();
  for (int round = 0; round < 4; ++round) {
    RawClient client(port);
    client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    int sent = 0;
    while (sent < 3200 && client.Send(piece)) ++sent;  // up to 200 MB
    EXPECT_LT(sent, 3200) << "the server went on reading";
  }
  EXPECT_LT(ResidentKilobytes() - before, 16 << 10);
}

TEST_F(ServerTest, SlowHeadersAreGivenUpAndHealthAnswersMeanwhile) {
  options_.max_connections = 64;
  options_.header_timeout = absl::Seconds(3);
  const int port = Start();
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 200; ++i) {  // three times as many as fit
    slow.push_back(std::make_unique<RawClient>(port));
    slow.back()->Send("GET /echo HTTP/1.1\r\nHost");
  }
  for (int i = 0; i < 20; ++i) {
    const absl::Time start = absl::Now();
    EXPECT_EQ(Get(port, "/-/healthy").status, 200);
    EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  }
  EXPECT_GE(Counter("sloburn_http_connections_evicted_total"), 136);
  EXPECT_EQ(slow.back()->Read().status, 408);
  EXPECT_TRUE(WaitFor([&] { return Counter("sloburn_http_connections") == 0; }));
}

TEST_F(ServerTest, DrippedHeadersDoNotExtendTheDeadline) {
  options_.header_timeout = absl::Seconds(1);
  RawClient client(Start());
  const absl::Time start = absl::Now();
  const std::string request = "GET /echo HTTP/1.1\r\nHost: a\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaa";
  for (const char c : request) {
    if (!client.Send(std::string_view(&c, 1)) || absl::Now() - start > absl::Seconds(3)) break;
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_EQ(client.Read().status, 408);
  EXPECT_TRUE(client.WaitForClose());
}

TEST_F(ServerTest, SlowBodiesAreGivenUp) {
  options_.body_timeout = absl::Milliseconds(300);
  RawClient client(Start());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.Read().status, 408);
  EXPECT_EQ(Counter("sloburn_http_timeouts_total"), 1);
}

TEST_F(ServerTest, SilentConnectionsAreClosed) {
  options_.header_timeout = absl::Milliseconds(200);
  options_.idle_timeout = absl::Milliseconds(300);
  const int port = Start();
  RawClient never(port);
  EXPECT_TRUE(never.WaitForClose(absl::Seconds(5)));
  RawClient once(port);
  once.Send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(once.Read().status, 200);
  EXPECT_TRUE(once.WaitForClose(absl::Seconds(5)));
}

TEST_F(ServerTest, AReaderThatStopsReadingIsClosed) {
  options_.write_timeout = absl::Milliseconds(300);
  const int port = Start();
  std::vector<std::unique_ptr<RawClient>> stuck;
  for (int i = 0; i < 3; ++i) {
    stuck.push_back(std::make_unique<RawClient>(port));
    stuck.back()->Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  EXPECT_TRUE(WaitFor([&] { return Counter("sloburn_http_timeouts_total") == 3; }));
  EXPECT_TRUE(WaitFor([&] { return Counter("sloburn_http_connections") == 0; }));
}

TEST_F(ServerTest, HealthIsFastWhileAllQueryThreadsAreBusy) {
  options_.query_threads = 2;
  const int port = Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  ASSERT_TRUE(WaitFor([&] { return slow_running_ == 2; }));
  const absl::Time start = absl::Now();
  EXPECT_EQ(Get(port, "/-/healthy").status, 200);
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  EXPECT_EQ(slow_running_, 2);  // the others wait for their turn
  release_.Notify();
  for (auto& client : clients) EXPECT_EQ(client->Read().body, "slow\n");
}

TEST_F(ServerTest, ARequestThatTakesTooLongIsCancelledAndSaysSo) {
  options_.request_timeout = absl::Milliseconds(200);
  const int port = Start();
  const RawResponse response = Get(port, "/slow");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("--web.request-timeout=200ms"));
  EXPECT_EQ(cancelled_, 1);
  EXPECT_EQ(Get(port, "/echo").status, 200);
  EXPECT_EQ(Counter("sloburn_http_timeouts_total"), 1);
}

TEST_F(ServerTest, AReaderThatTricklesIsClosedInTheEnd) {
  options_.response_timeout = absl::Milliseconds(300);
  // More than sockets hold.
  router_.Add({"GET"}, "/huge", Lane::kQuery,
              [](const Request&) { return Response::Text(200, std::string(64 << 20, 'x')); });
  const int port = Start();
  RawClient client(port);
  client.Send("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
  absl::SleepFor(absl::Milliseconds(600));
  EXPECT_LT(client.ReadAll().size(), size_t{64} << 20);
  EXPECT_EQ(Counter("sloburn_http_timeouts_total"), 1);
}

TEST_F(ServerTest, AllAnswersTogetherAreLimited) {
  options_.max_buffered_response_bytes = 4 << 20;
  const RawResponse response = Get(Start(), "/large");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.Header("Retry-After"), "1");
  EXPECT_EQ(Get(server_->port(), "/echo").status, 200);
}

TEST_F(ServerTest, AnswersThatAreSentTakeNoRoom) {
  options_.max_buffered_response_bytes = 6 << 20;
  const int port = Start();
  for (int i = 0; i < 3; ++i) {
    // Given back when the server has seen that all is sent, which may be after we have read it.
    EXPECT_TRUE(WaitFor([&] { return Get(port, "/large").body.size() == size_t{5} << 20; }));
  }
}

TEST_F(ServerTest, ConnectionsOverTheLimitAreRefusedWhenAllAreBusy) {
  options_.max_connections = 2;
  options_.query_threads = 2;
  const int port = Start();
  RawClient first(port), second(port);
  first.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  second.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(WaitFor([&] { return slow_running_ == 2; }));
  RawClient third(port);
  EXPECT_EQ(third.Read().status, 503);
  EXPECT_EQ(Counter("sloburn_http_connections_refused_total"), 1);
  release_.Notify();
  EXPECT_EQ(first.Read().status, 200);
}

TEST_F(ServerTest, AClientThatHangsUpCancelsItsRequest) {
  const int port = Start();
  RawClient client(port);
  client.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(WaitFor([&] { return slow_running_ == 1; }));
  client.Close();
  EXPECT_TRUE(WaitFor([&] { return cancelled_ == 1; }));
  EXPECT_EQ(Get(port, "/echo").status, 200);
}

TEST_F(ServerTest, APipelinedRequestDoesNotCancelTheFirst) {
  RawClient client(Start());
  client.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(WaitFor([&] { return slow_running_ == 1; }));
  client.Send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(cancelled_, 0);
  release_.Notify();
  EXPECT_EQ(client.Read().body, "slow\n");
  EXPECT_EQ(client.Read().body, "GET /echo  ");
}

TEST_F(ServerTest, StopLetsRequestsFinish) {
  const int port = Start();
  RawClient busy(port), idle(port);
  idle.Send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(idle.Read().status, 200);
  busy.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(WaitFor([&] { return slow_running_ == 1; }));
  std::thread stopper([&] { EXPECT_TRUE(server_->Stop(absl::Seconds(20)).ok()); });
  EXPECT_TRUE(idle.WaitForClose());
  EXPECT_TRUE(WaitFor([&] { return !RawClient(port).connected(); }));
  release_.Notify();
  const RawResponse last = busy.Read();
  EXPECT_EQ(last.body, "slow\n");
  EXPECT_EQ(last.Header("Connection"), "close");
  busy.Close();
  stopper.join();
}

TEST_F(ServerTest, StopCancelsWhatDoesNotFinish) {
  const int port = Start();
  RawClient busy(port);
  busy.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(WaitFor([&] { return slow_running_ == 1; }));
  const absl::Time start = absl::Now();
  EXPECT_EQ(server_->Stop(absl::Milliseconds(200)).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
  EXPECT_EQ(cancelled_, 1);
}

TEST_F(ServerTest, AnExceptionBecomesAnAnswer) {
  router_.Add({"GET"}, "/throws", Lane::kQuery,
              [](const Request&) -> Response { throw std::bad_alloc(); });
  const int port = Start();
  EXPECT_EQ(Get(port, "/throws").status, 500);
  EXPECT_EQ(Get(port, "/echo").status, 200);
}

TEST_F(ServerTest, ATakenPortIsNamed) {
  const int port = Start();
  ServerOptions options;
  options.listen_addresses = {StrCat("127.0.0.1:", port)};
  const auto second = Server::Start(options, router_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(second.status().message(),
            StrCat("cannot listen on 127.0.0.1:", port,
                   ": Address already in use; stop the "
                   "process that uses it or choose another with --web.listen-address"));
}

TEST_F(ServerTest, ListensOnSeveralAddresses) {
  options_.listen_addresses = {"127.0.0.1:0", "localhost:0", ":0"};
  Start();
  ASSERT_EQ(server_->addresses().size(), 3);
  for (const std::string& address : server_->addresses()) {
    // The second may be ::1, which the client does not speak.
    if (address.rfind("[::1]", 0) == 0) continue;
    const int port = std::stoi(address.substr(address.rfind(':') + 1));
    EXPECT_EQ(Get(port, "/-/healthy").status, 200) << address;
  }
}

TEST_F(ServerTest, BadAddressesAreExplained) {
  for (const char* text :
       {"", "9090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "::1:80", "127.0.0.1:80x"}) {
    ServerOptions options;
    options.listen_addresses = {text};
    const auto server = Server::Start(options, router_);
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(server.status().message()),
                StartsWith(StrCat("cannot listen on \"", text, "\": ")))
        << text;
  }
}

// Streams `pieces` of `size` bytes, then ends with `end`.
Handler Streams(int pieces, size_t size, absl::Status end, std::atomic<int>* written = nullptr) {
  return [=](const Request&) {
    Response response = Response::Text(200, "");
    response.write_body = [=](const BodySink& sink) -> absl::Status {
      for (int i = 0; i < pieces; ++i) {
        const absl::Status status = sink(std::string(size, static_cast<char>('a' + i % 26)));
        if (!status.ok()) return status;
        if (written != nullptr) ++*written;
      }
      return end;
    };
    return response;
  };
}

TEST_F(ServerTest, StreamsABodyInChunks) {
  router_.Add({"GET"}, "/stream", Lane::kRead, Streams(3, 5, absl::OkStatus()));
  RawClient client(Start());
  client.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"
              "GET /echo?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string all = client.ReadAll();
  EXPECT_THAT(all, HasSubstr("\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "5\r\naaaaa\r\n5\r\nbbbbb\r\n5\r\nccccc\r\n0\r\n\r\n"
                             "HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(all.find("Content-Length"), all.rfind("Content-Length"));
  EXPECT_THAT(all, HasSubstr("GET /echo x "));
}

TEST_F(ServerTest, AnEmptyStreamIsAnEmptyBody) {
  router_.Add({"GET"}, "/stream", Lane::kRead, Streams(0, 0, absl::OkStatus()));
  RawClient client(Start());
  client.Send("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), ::testing::EndsWith("\r\n\r\n0\r\n\r\n"));
}

TEST_F(ServerTest, OldClientsReadAStreamToTheEndOfTheConnection) {
  router_.Add({"GET"}, "/stream", Lane::kRead, Streams(2, 3, absl::OkStatus()));
  RawClient client(Start());
  client.Send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = client.ReadAll();
  EXPECT_THAT(all, ::testing::EndsWith("\r\n\r\naaabbb"));
  EXPECT_THAT(all, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(all, ::testing::Not(HasSubstr("chunked")));
}

TEST_F(ServerTest, HeadHasNoStream) {
  router_.Add({"GET"}, "/stream", Lane::kRead, Streams(2, 3, absl::OkStatus()));
  RawClient client(Start());
  client.Send("HEAD /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), ::testing::EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, AStreamThatFailsBreaksTheConnection) {
  router_.Add({"GET"}, "/stream", Lane::kRead, Streams(1, 4, absl::InternalError("the store")));
  router_.Add({"GET"}, "/throws", Lane::kRead, [](const Request&) {
    Response response = Response::Text(200, "");
    response.write_body = [](const BodySink&) -> absl::Status { throw std::bad_alloc(); };
    return response;
  });
  const int port = Start();
  RawClient client(port), other(port);
  client.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), ::testing::EndsWith("4\r\naaaa\r\n"));
  other.Send("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(other.ReadAll(), ::testing::EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, AClientThatDoesNotReadHoldsTheWriterAndIsGivenUp) {
  std::atomic<int> written = 0;
  options_.write_timeout = absl::Milliseconds(500);
  options_.read_threads = 1;
  router_.Add({"GET"}, "/stream", Lane::kRead,
              Streams(1000, 1 << 20, absl::OkStatus(), &written));
  router_.Add({"GET"}, "/short", Lane::kRead, Streams(1, 2, absl::OkStatus()));
  const int port = Start();
  RawClient client(port);
  client.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(WaitFor([&] { return written > 0; }));
  // One read at a time: this one waits until the first is given up.
  RawClient next(port);
  next.Send("GET /short HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(next.ReadAll(), HasSubstr("2\r\naa\r\n"));
  EXPECT_LT(written, 100);
  EXPECT_EQ(Counter("sloburn_http_timeouts_total"), 1);
}

TEST_F(ServerTest, TheEndOfTheServerEndsStreams) {
  std::atomic<int> written = 0;
  router_.Add({"GET"}, "/stream", Lane::kRead,
              Streams(1000, 1 << 20, absl::OkStatus(), &written));
  RawClient client(Start());
  client.Send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(WaitFor([&] { return written > 0; }));
  EXPECT_TRUE(absl::IsDeadlineExceeded(server_->Stop(absl::Milliseconds(100))));
  EXPECT_LT(written, 100);
}

}  // namespace
}  // namespace sloburn::web
