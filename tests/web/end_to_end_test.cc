// SPDX-License-Identifier: Apache-2.0
// The whole API behind the server on a port of the system's choice.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/web/api_fixture.h"
#include "tests/web/raw_client.h"
#include "web/server.h"

namespace sloburn::web {
namespace {

using ::testing::HasSubstr;

class EndToEndTest : public ApiFixture {
 protected:
  void Start() {
    Build();
    ServerOptions options;
    options.listen_addresses = {"127.0.0.1:0"};
    options.query_threads = 2;
    auto server = Server::Start(options, router_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  int port() const { return server_->port(); }

  RawResponse Post(std::string_view target, std::string_view headers, std::string_view body) {
    return Exchange(port(), StrCat("POST ", target, " HTTP/1.1\r\nHost: a\r\n", headers,
                                   "Content-Length: ", body.size(), "\r\n\r\n", body));
  }

  std::unique_ptr<Server> server_;
};

constexpr std::string_view kFormHeader = "Content-Type: application/x-www-form-urlencoded\r\n";
constexpr std::string_view kWriteHeaders =
    "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n";

TEST_F(EndToEndTest, WhatIsWrittenCanBeQueried) {
  Start();
  const std::vector<SeriesSamples> series = {
      {Labels::FromPairs({{"__name__", "m"}, {"a", "b"}}), {{kStartMs - 15000, 1}, {kStartMs, 2}}}};
  const std::string body = remote::SnappyCompress(remote::EncodeWriteRequest(series));
  EXPECT_EQ(Post("/api/v1/write", kWriteHeaders, body).status, 204);
  const RawResponse answer = Post("/api/v1/query", kFormHeader, "query=m*10&time=1700000000");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  EXPECT_EQ(answer.body, R"({"status":"success","data":{"resultType":"vector","result":[)"
                         R"({"metric":{"a":"b"},"value":[1700000000,"20"]}]}})");
}

TEST_F(EndToEndTest, AnswersGrafanasCalls) {
  AppendDataSet();
  Start();
  // The health check of the data source, then what its editor and panels ask for.
  EXPECT_EQ(Post("/api/v1/query", kFormHeader, "query=1%2B1&time=4").body,
            R"({"status":"success","data":{"resultType":"scalar","result":[4,"2"]}})");
  for (const char* target :
       {"/api/v1/status/buildinfo", "/api/v1/labels?start=1700000000&end=1700000100&limit=40000",
        "/api/v1/label/__name__/values?start=1700000000&end=1700000100&limit=40000",
        "/api/v1/series?match%5B%5D=up&start=1700000000&end=1700000100",
        "/api/v1/metadata?limit=40000", "/api/v1/rules", "/api/v1/alerts",
        "/api/v1/query_exemplars?query=up&start=1700000000&end=1700000100",
        "/api/v1/"
        "query_range?query=up&start=1700000000.000&end=1700000100.000&step=15&timeout=30s"}) {
    const RawResponse answer = ::sloburn::web::Get(port(), target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(nlohmann::json::parse(answer.body)["status"], "success") << target;
  }
}

TEST_F(EndToEndTest, LargeAnswersAreCompressed) {
  for (int i = 0; i < 500; ++i) Append({{"__name__", "m"}, {"i", StrCat(i)}}, 0, i);
  Start();
  const std::string target = "/api/v1/query?query=m&time=1700000000";
  const RawResponse plain = ::sloburn::web::Get(port(), target);
  const RawResponse packed =
      ::sloburn::web::Get(port(), target, "Accept-Encoding: gzip, deflate\r\n");
  EXPECT_EQ(packed.Header("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.Header("Vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size(), plain.body.size() / 3);
}

TEST_F(EndToEndTest, TooLongAQueryIsRefused) {
  Start();
  const auto answer =
      Post("/api/v1/query", kFormHeader, StrCat("query=", std::string(10 << 20, '(')));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  EXPECT_EQ(answer.body, R"({"status":"error","errorType":"bad_data",)"
                         R"("error":"the request body is above the limit of 1048576 bytes"})");
  EXPECT_EQ(Post("/api/v1/query", kFormHeader, StrCat("query=", std::string(100000, '('))).status,
            400);
  EXPECT_EQ(::sloburn::web::Get(port(), "/health/ready").status, 200);
}

TEST_F(EndToEndTest, ADisconnectedClientCancelsItsQuery) {
  for (int i = 0; i < 400; ++i) {
    Append({{"__name__", "m"}, {"i", StrCat(i)}}, 0, i);
    Append({{"__name__", "m"}, {"i", StrCat(i)}}, 15000, i);
  }
  Start();
  // Minutes of work, were it not for the hang-up.
  const std::string query =
      "query=sum(sum_over_time(m%5B1h%3A1ms%5D))&start=1700000000&end=1700010000&step=1";
  RawClient client(port());
  client.Send(StrCat("POST /api/v1/query_range HTTP/1.1\r\nHost: a\r\n", kFormHeader,
                     "Content-Length: ", query.size(), "\r\n\r\n", query));
  absl::SleepFor(absl::Milliseconds(300));
  client.Close();
  bool was_cancelled = false;
  for (int i = 0; i < 1000 && !was_cancelled; ++i) {
    absl::SleepFor(absl::Milliseconds(10));
    was_cancelled = absl::StrContains(
        ApiFixture::Get("/metrics").body,
        R"(sloburn_http_requests_total{code="499",handler="/api/v1/query_range"} 1)");
  }
  EXPECT_TRUE(was_cancelled) << ApiFixture::Get("/metrics").body;
}

TEST_F(EndToEndTest, QueriesAndWritesRunTogether) {
  AppendDataSet();
  Start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 1; i <= 50; ++i) {
        const std::vector<SeriesSamples> series = {
            {Labels::FromPairs({{"__name__", "w"}, {"t", StrCat(t)}}), {{kStartMs - 50 + i, 1.0}}}};
        const std::string body = remote::SnappyCompress(remote::EncodeWriteRequest(series));
        EXPECT_EQ(Post("/api/v1/write", kWriteHeaders, body).status, 204);
        EXPECT_EQ(::sloburn::web::Get(port(), "/api/v1/query?query=count(w)").status, 200);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(
      ::sloburn::web::Get(port(), "/api/v1/query?query=sum(count_over_time(w%5B1m%5D))").body,
      HasSubstr(R"([1700000000,"200"])"));
  EXPECT_THAT(::sloburn::web::Get(port(), "/metrics").body,
              HasSubstr("sloburn_remote_write_received_samples_total 200\n"));
}

}  // namespace
}  // namespace sloburn::web
