// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/query_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "tests/engine/remote/fake_server.h"

namespace sloburn::remote {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

std::string Success(std::string_view type, std::string_view result, std::string_view more = "") {
  return StrCat(R"({"status":"success","data":{"resultType":")", type, R"(","result":)", result,
                "}", more, "}");
}

TEST(ParseQueryAnswerTest, ValuesAreExact) {
  const auto answer =
      ParseQueryAnswer(Success("matrix", R"([{"metric":{"__name__":"m","l":"a\"\u00e9"},"values":[
        [1700000000,"0.1"],[1700000000.001,"1e-07"],[1700000000.5,"NaN"],[1700000001,"+Inf"],
        [1700000002,"-Inf"],[1700000003,"-0"],[1700000004.999,"12345678901234567890"],
        [-1.5,"5e-324"]]}])"),
                       200);
  ASSERT_TRUE(answer.ok()) << answer.status();
  const Matrix& matrix = std::get<Matrix>(answer->value);
  ASSERT_EQ(matrix.size(), 1u);
  EXPECT_EQ(matrix[0].labels.Get("l"), "a\"é");
  const int64_t times[] = {1700000000000, 1700000000001, 1700000000500, 1700000001000,
                           1700000002000, 1700000003000, 1700000004999, -1500};
  const double values[] = {0.1,       1e-7, NormalNan(),           HUGE_VAL,
                           -HUGE_VAL, -0.0, 12345678901234567890., 5e-324};
  ASSERT_EQ(matrix[0].samples.size(), std::size(times));
  for (size_t i = 0; i < std::size(times); ++i) {
    EXPECT_EQ(matrix[0].samples[i].timestamp_ms, times[i]);
    EXPECT_EQ(std::bit_cast<uint64_t>(matrix[0].samples[i].value),
              std::bit_cast<uint64_t>(values[i]))
        << i;
  }
}

TEST(ParseQueryAnswerTest, EveryType) {
  const auto scalar = ParseQueryAnswer(Success("scalar", R"([1.5,"2"])"), 200);
  ASSERT_TRUE(scalar.ok()) << scalar.status();
  EXPECT_EQ(std::get<ScalarResult>(scalar->value).timestamp_ms, 1500);
  EXPECT_EQ(std::get<ScalarResult>(scalar->value).value, 2);
  const auto text = ParseQueryAnswer(Success("string", R"([1,"x"])"), 200);
  EXPECT_EQ(std::get<StringResult>(text->value).value, "x");
  const auto vector = ParseQueryAnswer(Success("vector", R"([{"metric":{"a":"b"},"value":[1,"2"]},
                            {"metric":{"h":"1"},"histogram":[1,{"count":"1","sum":"1"}]}])",
                                               R"(,"warnings":["w"],"infos":["i"])"),
                                       200);
  ASSERT_TRUE(vector.ok()) << vector.status();
  EXPECT_EQ(std::get<InstantVector>(vector->value).size(), 1u);
  ASSERT_EQ(vector->histogram_series.size(), 1u);
  EXPECT_EQ(vector->histogram_series[0].Get("h"), "1");
  EXPECT_THAT(vector->warnings, ElementsAre("w"));
  EXPECT_THAT(vector->infos, ElementsAre("i"));
}

TEST(ParseQueryAnswerTest, ErrorEnvelopesKeepTheServersWords) {
  const std::tuple<const char*, const char*, int, absl::StatusCode> cases[] = {
      {"bad_data", "1:3: parse error: x", 400, absl::StatusCode::kInvalidArgument},
      {"execution", "found duplicate series", 422, absl::StatusCode::kFailedPrecondition},
      {"execution", "query processing would load too many samples into memory in query execution",
       422, absl::StatusCode::kResourceExhausted},
      {"timeout", "slow", 503, absl::StatusCode::kDeadlineExceeded},
      {"canceled", "gone", 499, absl::StatusCode::kCancelled},
      {"internal", "disk", 500, absl::StatusCode::kUnavailable},
      {"unavailable", "starting", 500, absl::StatusCode::kUnavailable},
      {"not_found", "nothing", 404, absl::StatusCode::kNotFound},
      {"422", "cannot parse", 422, absl::StatusCode::kFailedPrecondition},
  };
  for (const auto& [type, words, http_status, code] : cases) {
    const absl::Status status =
        ParseQueryAnswer(StrCat(R"({"status":"error","errorType":")", std::string_view(type),
                                R"(","error":")", std::string_view(words), "\"}"),
                         http_status)
            .status();
    EXPECT_EQ(status.code(), code) << type;
    EXPECT_THAT(Message(status), HasSubstr(words));
    EXPECT_THAT(Message(status), HasSubstr(type));
  }
}

TEST(ParseQueryAnswerTest, GarbageIsNamed) {
  for (
      const char* bad :
      {"", "<html><body>Login</body></html>", "{", "[]", "null", "{\"status\":1}",
       R"({"status":"success"})", R"({"status":"success","data":[]})",
       R"({"status":"success","data":{"resultType":"matrix"}})",
       R"({"status":"success","data":{"resultType":"table","result":[]}})",
       R"({"status":"success","data":{"resultType":"matrix","result":{}}})",
       R"({"status":"success","data":{"resultType":"matrix","result":[1]}})",
       R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":[]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,1]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":["1","1"]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1e300,"1"]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}})"}) {
    const absl::Status status = ParseQueryAnswer(bad, 200).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << bad << " -> " << status;
  }
  EXPECT_THAT(Message(ParseQueryAnswer("<html>Login</html>", 200).status()),
              HasSubstr("<html>Login</html>"));
}

TEST(ParseQueryAnswerTest, SurvivesMutations) {
  const std::string good = Success("matrix", R"([{"metric":{"a":"b"},"values":[[1,"2"]]}])");
  std::mt19937 random(3);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    bad.resize(bad.size() - (random() % 2 == 0 ? random() % bad.size() : 0));
    if (!ParseQueryAnswer(bad, 200).ok()) ++refused;
  }
  EXPECT_GT(refused, 2500);
}

TEST(ParseQueryAnswerTest, DeepNestingIsRefused) {
  EXPECT_TRUE(absl::IsDataLoss(ParseQueryAnswer(std::string(100'000, '['), 200).status()));
}

struct Fixture {
  explicit Fixture(FakeServer::Handler handler, QueryApiOptions options = {})
      : server(std::move(handler)),
        client(*HttpClient::Create({.url = server.url("/prefix")})),
        api(client.get(), options) {}
  FakeServer server;
  std::unique_ptr<HttpClient> client;
  QueryApi api;
};

TEST(QueryApiTest, AsksAsTheApiTakesIt) {
  Fixture fixture([](const FakeRequest& request) {
    return Answer(200, request.target == "/prefix/api/v1/query_range" ||
                               request.body.find("%5B") != std::string::npos
                           ? Success("matrix", "[]")
                           : Success("vector", "[]"));
  });
  ASSERT_TRUE(fixture.api.RangeSelector("{a=\"b c\"}", 90'000, 1'700'000'000'123).ok());
  ASSERT_TRUE(fixture.api.Instant("up", -1'500).ok());
  ASSERT_TRUE(fixture.api.Range("up", {1000, 61'000, 15'000}).ok());
  const auto requests = fixture.server.requests();
  EXPECT_EQ(requests[0].target, "/prefix/api/v1/query");
  EXPECT_EQ(requests[0].body, "query=%7Ba%3D%22b+c%22%7D%5B90000ms%5D&time=1700000000.123");
  EXPECT_EQ(requests[0].Header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(requests[1].body, "query=up&time=-1.500");
  EXPECT_EQ(requests[2].body, "query=up&start=1.000&end=61.000&step=15.000");
}

TEST(QueryApiTest, PartialAnswersAreErrorsUnlessAccepted) {
  const auto handler = [](const FakeRequest&) {
    return Answer(200, Success("vector", "[]", R"(,"warnings":["store x is down"])"));
  };
  Fixture strict(handler);
  const absl::Status status = strict.api.Instant("up", 0).status();
  EXPECT_TRUE(absl::IsAborted(status));
  EXPECT_THAT(Message(status), HasSubstr("partial answer: store x is down"));
  Fixture lenient(handler, {.accept_partial = true});
  const auto answer = lenient.api.Instant("up", 0);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(answer->warnings, ElementsAre("store x is down"));
}

TEST(QueryApiTest, AnnotationsAreNoSignOfMissingData) {
  Fixture fixture([](const FakeRequest&) {
    return Answer(200, Success("vector", "[]",
                               R"(,"warnings":["PromQL warning: mixed floats"],"infos":["x"])"));
  });
  const auto answer = fixture.api.Instant("up", 0);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->warnings.size(), 1u);
}

TEST(QueryApiTest, ErrorsOfProxiesAndOfTheApi) {
  Fixture html([](const FakeRequest&) { return Answer(502, "<html>Bad Gateway</html>"); });
  const absl::Status proxy = html.api.Instant("up", 0).status();
  EXPECT_TRUE(absl::IsUnavailable(proxy));
  EXPECT_THAT(Message(proxy), HasSubstr("answered 502: <html>Bad Gateway</html>"));
  Fixture login([](const FakeRequest&) { return Answer(200, "<html>Login</html>"); });
  const absl::Status page = login.api.Instant("up", 0).status();
  EXPECT_TRUE(absl::IsDataLoss(page));
  EXPECT_THAT(Message(page), HasSubstr(login.server.url("/prefix/api/v1/query")));
  Fixture api([](const FakeRequest&) {
    return Answer(400, R"({"status":"error","errorType":"bad_data","error":"no such thing"})");
  });
  const absl::Status words = api.api.Instant("up", 0).status();
  EXPECT_TRUE(absl::IsInvalidArgument(words));
  EXPECT_THAT(Message(words), HasSubstr("bad_data: no such thing"));
}

TEST(QueryApiTest, HistogramsAreRefusedUnlessSkipped) {
  const auto handler = [](const FakeRequest&) {
    return Answer(
        200, Success("vector", R"([{"metric":{"__name__":"h"},"histogram":[1,{"count":"1"}]}])"));
  };
  Fixture strict(handler);
  const absl::Status status = strict.api.Instant("h", 0).status();
  EXPECT_TRUE(absl::IsUnimplemented(status));
  EXPECT_THAT(Message(status), HasSubstr("h"));
  Fixture skipping(handler, {.skip_histograms = true});
  EXPECT_EQ(skipping.api.Instant("h", 0)->histogram_series.size(), 1u);
}

}  // namespace
}  // namespace sloburn::remote
