// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/write without sockets: content types, hostile bodies, and what is stored.
#include <string>
#include <vector>

#include "engine/model/stale.h"
#include "gmock/gmock.h"
#include "tests/web/write_fixture.h"

namespace sloburn::web {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string LabelBytes(std::string_view name, std::string_view value) {
  return Bytes(1, StrCat(Bytes(1, name), Bytes(2, value)));
}
std::string SampleBytes(int64_t timestamp_ms, double value) {
  return Bytes(2, StrCat(Double(1, value), Integer(2, timestamp_ms)));
}
// A count without buckets.
std::string BrokenHistogram(int64_t timestamp_ms) {
  return Bytes(4, StrCat(Integer(1, 5), Double(3, 1), Integer(15, timestamp_ms)));
}
std::string Series(std::string_view content) { return Bytes(1, content); }

class WriteTest : public WriteFixture {
 protected:
  Response SendSample(std::string_view name, int64_t offset_ms, double value) {
    return SendMessage(
        Series(StrCat(LabelBytes("__name__", name), SampleBytes(kStartMs + offset_ms, value))));
  }
};

TEST_F(WriteTest, MetadataIsKeptAndAnswered) {
  MetricMetadataStore store(2);
  deps_.metadata = &store;
  Build();
  const auto metadata = [](std::string_view metric, int type, std::string_view help) {
    return Bytes(3, StrCat(Integer(1, type), Bytes(2, metric), Bytes(4, help), Bytes(5, "s")));
  };
  EXPECT_EQ(SendMessage(metadata("b", 2, "B") + metadata("a", 1, "<A>")).status, 204);
  EXPECT_EQ(Get("/api/v1/metadata").body,
            R"({"status":"success","data":{)"
            R"("a":[{"type":"counter","unit":"s","help":"\u003cA\u003e"}],)"
            R"("b":[{"type":"gauge","unit":"s","help":"B"}]}})");
  constexpr std::string_view kB = R"({"b":[{"type":"gauge","unit":"s","help":"B"}]})";
  EXPECT_THAT(Get("/api/v1/metadata?metric=b&limit=1").body, HasSubstr(kB));
  EXPECT_THAT(Get("/api/v1/metadata?metric=c").body, HasSubstr(R"("data":{}})"));
  EXPECT_THAT(Get("/api/v1/metadata?limit=0").body, HasSubstr(R"("data":{}})"));
  EXPECT_THAT(Get("/api/v1/metadata?limit=1&limit_per_metric=1").body,
              HasSubstr(R"("data":{"a":[)"));
  EXPECT_THAT(Get("/api/v1/metadata?limit=-1").body, HasSubstr(R"("b":[)"));
  // What was told longest ago goes first.
  EXPECT_EQ(SendMessage(metadata("b", 3, "") + metadata("c", 0, "")).status, 204);
  const std::string body = Get("/api/v1/metadata").body;
  EXPECT_THAT(body, HasSubstr(R"({"b":[{"type":"histogram","unit":"s","help":""}],"c":[)"));
}

TEST_F(WriteTest, MetadataIsBoundedByBytes) {
  MetricMetadataStore store(4);
  const std::string text(MetricMetadataStore::kBytesPerMetric * 3, 'x');
  store.Put("a", {"gauge", text, ""});
  store.Put("b", {"gauge", "short", ""});
  EXPECT_EQ(store.size(), 2u);
  store.Put("c", {"gauge", text, ""});
  EXPECT_EQ(store.size(), 2u);  // without a
  store.Put("d", {"gauge", text + text, ""});
  EXPECT_EQ(store.size(), 0u);  // more than all may take
}

TEST_F(WriteTest, StoresAndJudgesAsPrometheus) {
  Build();
  EXPECT_EQ(SendSample("m", -1000, 1).status, 204);
  EXPECT_EQ(Result("m"), R"([{"metric":{"__name__":"m"},"value":[1700000000,"1"]}])");
  EXPECT_EQ(SendSample("m", -1000, 1).status, 204);  // the same again

  const Response other = SendSample("m", -1000, 2);
  EXPECT_EQ(other.status, 400);
  EXPECT_THAT(other.body, StartsWith("duplicate sample for timestamp"));
  const Response old = SendSample("m", -2000, 2);
  EXPECT_EQ(old.status, 400);
  EXPECT_EQ(old.body, "out of order sample\n");
  EXPECT_EQ(SendSample("m", 600'000, 2).status, 204);
  const Response future = SendSample("m", 600'001, 3);
  EXPECT_EQ(future.status, 400);
  EXPECT_EQ(future.body, "out of bounds: timestamp is too far in the future\n");
  EXPECT_EQ(future.FindHeader("Content-Type"), "text/plain; charset=utf-8");
}

TEST_F(WriteTest, OneBadSampleRefusesTheRequest) {
  Build();
  ASSERT_EQ(SendSample("m", 0, 1).status, 204);
  EXPECT_EQ(
      SendMessage(StrCat(Series(StrCat(LabelBytes("__name__", "good"), SampleBytes(kStartMs, 1))),
                         Series(StrCat(LabelBytes("__name__", "m"), SampleBytes(kStartMs - 1, 1)))))
          .status,
      400);
  EXPECT_EQ(Result("good"), "[]");
}

TEST_F(WriteTest, SeriesWithBadLabelsAreLeftOut) {
  Build();
  const std::string sample = SampleBytes(kStartMs, 1);
  const std::string message =
      StrCat(Series(StrCat(LabelBytes("a", "b"), sample)),
             Series(StrCat(LabelBytes("__name__", ""), LabelBytes("a", "b"), sample)),
             Series(StrCat(LabelBytes("__name__", "x"), LabelBytes("a", "1"), LabelBytes("a", "2"),
                           sample)),
             Series(StrCat(LabelBytes("__name__", "x"), LabelBytes("a", "\xff"), sample)),
             Series(sample), Series(StrCat(LabelBytes("a", "b"), BrokenHistogram(kStartMs))),
             Series(StrCat(LabelBytes("__name__", "good"), sample)));
  EXPECT_EQ(SendMessage(message).status, 204);
  EXPECT_EQ(Result("count(%7B__name__!=%22%22%7D)"), R"([{"metric":{},"value":[1700000000,"1"]}])");
  EXPECT_EQ(Result("good"), R"([{"metric":{"__name__":"good"},"value":[1700000000,"1"]}])");
  EXPECT_THAT(Get("/metrics").body, HasSubstr("sloburn_remote_write_invalid_series_total 6\n"));
}

TEST_F(WriteTest, StalenessMarkersArrive) {
  Build();
  ASSERT_EQ(SendSample("m", -10, 1).status, 204);
  ASSERT_EQ(SendSample("m", -5, StaleMarker()).status, 204);
  EXPECT_EQ(Result("m"), "[]");
}

TEST_F(WriteTest, NativeHistogramsAreStoredAndShown) {
  Build();
  // Three observations in (0.5,1], none elsewhere.
  const std::string histogram = Bytes(
      4, StrCat(Integer(1, 3), Double(3, 2.5), Bytes(11, StrCat(Integer(1, 0), Integer(2, 1))),
                Bytes(12, std::string(1, 6)), Integer(15, kStartMs)));
  const std::string series = StrCat(LabelBytes("__name__", "h"), LabelBytes("job", "a"), histogram);
  EXPECT_EQ(SendMessage(Series(series)).status, 204);
  EXPECT_EQ(Result("h"),
            R"([{"metric":{"__name__":"h","job":"a"},"histogram":[1700000000,{"count":"3",)"
            R"("sum":"2.5","buckets":[[0,"0.5","1","3"]]}]}])");
  EXPECT_EQ(Result("h%5B1m%5D"),
            R"([{"metric":{"__name__":"h","job":"a"},"histograms":[[1700000000,{"count":"3",)"
            R"("sum":"2.5","buckets":[[0,"0.5","1","3"]]}]]}])");
  EXPECT_EQ(Result("histogram_count(h)"), R"([{"metric":{"job":"a"},"value":[1700000000,"3"]}])");
}

TEST_F(WriteTest, HistogramsThatMakeNoSenseAreRefused) {
  Build();
  const Response response =
      SendMessage(Series(StrCat(LabelBytes("__name__", "h"), BrokenHistogram(kStartMs))));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body,
              HasSubstr("0 observations found in buckets, but the Count field is 5"));
  EXPECT_EQ(Result("h"), "[]");
}

TEST_F(WriteTest, NewSeriesOverTheLimitDoNotCostTheOthers) {
  MemoryStorage small(MemoryStorageOptions{.max_series = 1});
  deps_.storage = &small;
  Build();
  ASSERT_EQ(SendSample("m", -10, 1).status, 204);
  const Response response =
      SendMessage(StrCat(Series(StrCat(LabelBytes("__name__", "fresh"), SampleBytes(kStartMs, 1))),
                         Series(StrCat(LabelBytes("__name__", "m"), SampleBytes(kStartMs, 2)))));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, StartsWith("the limit of 1 series is reached"));
  EXPECT_THAT(response.body, HasSubstr("; left out 1 series\n"));
  EXPECT_EQ(Result("m"), R"([{"metric":{"__name__":"m"},"value":[1700000000,"2"]}])");
}

TEST_F(WriteTest, ContentTypesAndEncodings) {
  Build();
  const std::string body = remote::SnappyCompress("");
  EXPECT_EQ(Send(body).status, 204);
  EXPECT_EQ(Send(body, "").status, 204);
  EXPECT_EQ(Send(body, "application/x-protobuf", "").status, 204);
  EXPECT_EQ(Send(body, "application/x-protobuf;proto=prometheus.WriteRequest").status, 204);
  EXPECT_EQ(Send(body, "application/x-protobuf; proto=prometheus.WriteRequest").status, 204);

  const Response json = Send(body, "application/json");
  EXPECT_EQ(json.status, 415);
  EXPECT_EQ(json.body,
            "expected application/x-protobuf as the first (media) part, got "
            "application/json content-type\n");
  const Response unknown = Send(body, "application/x-protobuf;proto=foo");
  EXPECT_EQ(unknown.status, 415);
  EXPECT_EQ(unknown.body,
            "got application/x-protobuf;proto=foo content type; unknown type for remote write "
            "protobuf message foo, supported: prometheus.WriteRequest, "
            "io.prometheus.write.v2.Request\n");
  const Response parameter = Send(body, "application/x-protobuf;a");
  EXPECT_EQ(parameter.status, 415);
  EXPECT_EQ(parameter.body,
            "as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be "
            "key-values, got a in application/x-protobuf;a content-type\n");
  EXPECT_EQ(Send(body, "application/x-protobuf;").status, 415);
  EXPECT_EQ(Send(body, "application/x-protobuf", "Snappy").status, 204);
  EXPECT_EQ(Send(body, "application/x-protobuf;a=b=c").status, 415);
  EXPECT_EQ(Send(body, "application/x-protobuf;a=b").status, 204);
  const Response gzip = Send(body, "application/x-protobuf", "gzip");
  EXPECT_EQ(gzip.status, 415);
  EXPECT_EQ(gzip.body,
            "gzip encoding (compression) is not accepted by this server; only snappy "
            "is acceptable\n");
  EXPECT_EQ(Get("/api/v1/write").status, 405);
}

TEST_F(WriteTest, OnlyAcceptedMessagesAreTaken) {
  const std::string body = remote::SnappyCompress("");
  constexpr std::string_view kOtherMessage =
      "prometheus.WriteRequest protobuf message is not accepted by this server; only accepts "
      "io.prometheus.write.v2.Request\n";
  deps_.accepted_write_messages = {remote::WriteMessage::kVersion2};
  Build();
  const Response refused = Send(body);
  EXPECT_EQ(refused.status, 415);
  EXPECT_EQ(refused.body, kOtherMessage);
  EXPECT_EQ(refused.FindHeader("X-Prometheus-Remote-Write-Samples-Written"), "");
  // RFC 9110 allows the space.
  for (const std::string_view space : {"", " "}) {
    const Response taken = Send(
        body, StrCat("application/x-protobuf;", space, "proto=io.prometheus.write.v2.Request"));
    EXPECT_EQ(taken.status, 204);
    EXPECT_EQ(taken.FindHeader("X-Prometheus-Remote-Write-Samples-Written"), "0");
  }
}

TEST_F(WriteTest, IsOffUnlessEnabled) {
  deps_.enable_remote_write_receiver = false;
  Build();
  const Response response = SendSample("m", 0, 1);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body,
            "remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n");
}

TEST_F(WriteTest, MalformedBodiesAreRefused) {
  Build();
  const std::string good = Series(StrCat(LabelBytes("__name__", "m"), SampleBytes(kStartMs, 1)));
  const std::vector<std::pair<const char*, std::string>> bodies = {
      {"empty", ""},
      {"not snappy", "\xff\xff\xff\xff\xff"},
      {"declares 2 GiB", StrCat(Varint(uint64_t{1} << 31), "aaaa")},
      {"declares 4 GiB less one", StrCat(Varint(0xffffffff), "aaaa")},
      {"declares 33 MiB", StrCat(Varint(33 << 20), std::string(1000, '\0'))},
      {"cut snappy", remote::SnappyCompress(good).substr(0, 10)},
      {"cut message", remote::SnappyCompress(good.substr(0, good.size() - 1))},
      {"field without length", remote::SnappyCompress("\x0a\xff")},
      {"length beyond the end", remote::SnappyCompress("\x0a\x7f"
                                                       "ab")},
      {"endless varint", remote::SnappyCompress(std::string(20, '\xff'))},
      {"wrong wire type", remote::SnappyCompress("\x08\x05")},
      {"group", remote::SnappyCompress("\x0b\x0c")},
      {"field number 0", remote::SnappyCompress(std::string("\x02\x01\x00", 3))},
      {"2000 labels",
       [] {
         std::string content;
         for (int i = 0; i < 2000; ++i) content += LabelBytes(StrCat("l", i), "v");
         return remote::SnappyCompress(Series(content));
       }()},
  };
  for (const auto& [name, body] : bodies) {
    const Response response = Send(body);
    EXPECT_EQ(response.status, 400) << name;
    EXPECT_GT(response.body.size(), 10) << name;
  }
  EXPECT_EQ(Result("m"), "[]");
  EXPECT_THAT(Get("/metrics").body, HasSubstr(StrCat("sloburn_remote_write_refused_requests_total ",
                                                     bodies.size(), "\n")));
}

TEST_F(WriteTest, TooManySamplesAreRefused) {
  deps_.write_limits.max_samples = 10;
  Build();
  std::string content = LabelBytes("__name__", "m");
  for (int i = 0; i < 11; ++i) content += SampleBytes(kStartMs + i, i);
  EXPECT_EQ(SendMessage(Series(content)).status, 400);
  EXPECT_EQ(Result("m"), "[]");
}

}  // namespace
}  // namespace sloburn::web
