// SPDX-License-Identifier: Apache-2.0
// Remote write 2.0: partial writes, what their answers tell, and hostile messages.
#include <memory>
#include <string>
#include <vector>

#include "engine/model/stale.h"
#include "gmock/gmock.h"
#include "tests/web/write_fixture.h"

namespace sloburn::web {
namespace {

using ::testing::HasSubstr;

// What each of `texts` is a symbol of, after the empty one.
std::string Symbols(const std::vector<std::string_view>& texts) {
  std::string out = Bytes(4, "");
  for (const std::string_view text : texts) out += Bytes(4, text);
  return out;
}
std::string Refs(const std::vector<uint32_t>& refs) {
  std::string packed;
  for (const uint32_t ref : refs) packed += Varint(ref);
  return Bytes(1, packed);
}
std::string SampleAt(int64_t timestamp_ms, double value, int64_t start_ms = 0) {
  return Bytes(2, StrCat(Double(1, value), Integer(2, timestamp_ms), Integer(3, start_ms)));
}
std::string Metadata(int type, uint32_t help_ref, uint32_t unit_ref) {
  return Bytes(5, StrCat(Integer(1, type), Integer(3, help_ref), Integer(4, unit_ref)));
}
std::string Exemplar(const std::vector<uint32_t>& refs, int64_t timestamp_ms) {
  return Bytes(4, StrCat(Refs(refs), Double(2, 1), Integer(3, timestamp_ms)));
}
// `count` observations in the bucket up to 1.
std::string HistogramAt(int64_t timestamp_ms, int64_t count, std::string_view more = "") {
  const std::string delta = Varint(static_cast<uint64_t>(count) << 1);
  return Bytes(
      3, StrCat(Integer(1, count), Double(3, 2.5), Bytes(11, StrCat(Integer(1, 0), Integer(2, 1))),
                Bytes(12, delta), Integer(15, timestamp_ms), more));
}
std::string Series(std::string_view content) { return Bytes(5, content); }

class WriteV2Test : public WriteFixture {
 protected:
  static constexpr std::string_view kHeader = "X-Prometheus-Remote-Write-";

  // "samples histograms exemplars" as the headers tell them.
  static std::string Written(const Response& response) {
    std::string text;
    for (const std::string_view what : {"Samples", "Histograms", "Exemplars"}) {
      StrAppend(&text, text.empty() ? "" : " ",
                response.FindHeader(StrCat(kHeader, what, "-Written")));
    }
    return text;
  }
  // A series of this name alone with `content`.
  Response SendSeries(std::string_view name, std::string_view content) {
    return SendV2(StrCat(Symbols({"__name__", name}), Series(StrCat(Refs({1, 2}), content))));
  }
};

TEST_F(WriteV2Test, FloatsAndHistogramsAreStoredAndCounted) {
  Build();
  const Response response =
      SendV2(StrCat(Symbols({"__name__", "m", "job", "a", "h"}),
                    Series(StrCat(Refs({1, 2, 3, 4}), SampleAt(kStartMs - 10, 1),
                                  SampleAt(kStartMs, 2), Exemplar({3, 4}, kStartMs))),
                    Series(StrCat(Refs({3, 4, 1, 5}), HistogramAt(kStartMs, 3)))));
  EXPECT_EQ(response.status, 204) << response.body;
  EXPECT_EQ(Written(response), "2 1 1");
  EXPECT_EQ(Result("m"), R"([{"metric":{"__name__":"m","job":"a"},"value":[1700000000,"2"]}])");
  EXPECT_THAT(Result("h"), HasSubstr(R"({"count":"3","sum":"2.5","buckets":[[0,"0.5","1","3"]]})"));
  EXPECT_THAT(Get("/metrics").body, HasSubstr("sloburn_remote_write_received_samples_total 3\n"));
}

TEST_F(WriteV2Test, WhatIsGoodIsStoredAndTheRestTold) {
  Build();
  ASSERT_EQ(SendSeries("m", SampleAt(kStartMs, 1)).status, 204);
  const std::string sample = SampleAt(kStartMs, 7);
  const std::string broken = HistogramAt(kStartMs, 3, Integer(1, 5));
  const Response response = SendV2(StrCat(
      Symbols({"__name__", "m", "good", "a", "\xff"}),
      Series(StrCat(Refs({1, 2}), SampleAt(kStartMs - 1, 2), sample, SampleAt(kStartMs + 1, 3))),
      Series(StrCat(Refs({1, 3, 4, 5}), sample)), Series(StrCat(Refs({4, 3}), sample)),
      Series(StrCat(Refs({1, 3, 4, 2, 4, 3}), sample)), Series(Refs({1, 3})),
      Series(StrCat(Refs({1, 3}), sample, SampleAt(kStartMs + 600'001, 1), broken,
                    HistogramAt(kStartMs + 600'001, 1, Integer(1, 5)))),
      Series(StrCat(Refs({1, 2, 3}), sample)), Series(StrCat(Refs({1, 6}), sample)),
      Series(StrCat(Refs({1, 3}), sample, Metadata(1, 6, 0))),
      Series(StrCat(Refs({1, 3}), sample, Metadata(1, 0, 4'294'967'295)))));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(
      response.body,
      "out of order sample for series {__name__=\"m\"}\n"
      "duplicate sample for timestamp 1700000000000; overrides not allowed: existing 1, new value "
      "7 "
      "for series {__name__=\"m\"}\n"
      "invalid metric name or labels, got {__name__=\"good\", a=\"\\xff\"}\n"
      "invalid metric name or labels, got {a=\"good\"}\n"
      "invalid labels for series, labels {__name__=\"good\", a=\"m\", a=\"good\"}, duplicated "
      "label "
      "a\n"
      "TimeSeries must contain at least one sample or histogram for series {__name__=\"good\"}\n"
      "out of bounds: timestamp is too far in the future for series {__name__=\"good\"}\n"
      "3 observations found in buckets, but the Count field is 5: histogram's observation count "
      "should equal the number of observations found in the buckets (in absence of NaN) for series "
      "{__name__=\"good\"}\n"
      "out of bounds: timestamp is too far in the future for series {__name__=\"good\"}\n"
      "parsing labels for series [1 2 3]: invalid labelRefs length 3\n"
      "parsing labels for series [1 6]: labelRefs 1 (name) = 6 (value) outside of symbols table "
      "(size 6)\n"
      "parsing metadata for series [1 3]: metadata help_ref 6 outside of symbols table (size 6)\n"
      "parsing metadata for series [1 3]: metadata unit_ref 4294967295 outside of symbols table "
      "(size 6)\n");
  EXPECT_EQ(Written(response), "2 0 0");
  EXPECT_EQ(Result("good"), R"([{"metric":{"__name__":"good"},"value":[1700000000,"7"]}])");
  EXPECT_THAT(Result("last_over_time(m[1m]%20offset%20-1s)"), HasSubstr("\"3\""));
  EXPECT_THAT(Get("/metrics").body, HasSubstr("sloburn_remote_write_invalid_series_total 5\n"));
}

TEST_F(WriteV2Test, TheTableMayComeLastAndRefsOneByOne) {
  Build();
  const Response response =
      SendV2(StrCat(Series(StrCat(Integer(1, 1), Integer(1, 2), SampleAt(kStartMs, 1))),
                    Symbols({"__name__", "m"})));
  EXPECT_EQ(response.status, 204) << response.body;
  EXPECT_EQ(Result("m"), R"([{"metric":{"__name__":"m"},"value":[1700000000,"1"]}])");
}

TEST_F(WriteV2Test, KindsOfHistograms) {
  Build();
  const auto doubles = [](int field, std::vector<double> values) {
    std::string packed;
    for (const double value : values) packed += Double(0, value).substr(1);
    return Bytes(field, packed);
  };
  const std::string spans = Bytes(11, StrCat(Integer(1, 0), Integer(2, 2)));
  const std::string at = Integer(15, kStartMs);
  EXPECT_EQ(SendSeries("f", Bytes(3, StrCat(Double(2, 4), Double(3, 1), Double(7, 0.5), spans,
                                            doubles(13, {1.5, 2}), at)))
                .status,
            204);
  EXPECT_THAT(Result("f"), HasSubstr(R"({"count":"4","sum":"1","buckets":[[3,"-0","0","0.5"],)"
                                     R"([0,"0.5","1","1.5"],[0,"1","2","2"]]})"));
  // Schema -53 is 105 as a zigzag number.
  EXPECT_EQ(SendSeries("c", Bytes(3, StrCat(Integer(1, 3), Double(3, 1), Integer(4, 105), spans,
                                            Bytes(12, "\x02\x02"), doubles(16, {0.5, 2}), at)))
                .status,
            204);
  EXPECT_THAT(Result("c"), HasSubstr(R"("buckets":[[3,"-Inf","0.5","1"],[0,"0.5","2","2"]]})"));
  // Of two kinds of counts, the kind of the last total is read.
  EXPECT_EQ(SendSeries("b", Bytes(3, StrCat(Integer(1, 9), Double(2, 3), Double(3, 1), spans,
                                            Integer(6, 7), Bytes(12, "\x02\x08"),
                                            doubles(13, {1, 2}), at)))
                .status,
            204);
  EXPECT_THAT(Result("b"), HasSubstr(R"({"count":"3","sum":"1","buckets":[[0,"0.5","1","1"],)"
                                     R"([0,"1","2","2"]]})"));
  // Schema 9: two buckets of schema 9 are one of schema 8, (1, 2^(1/256)].
  const std::string fine = Bytes(11, StrCat(Integer(1, 2), Integer(2, 2)));
  EXPECT_EQ(SendSeries("x", Bytes(3, StrCat(Integer(1, 3), Double(3, 1), Integer(4, 18), fine,
                                            Bytes(12, "\x02\x02"), at)))
                .status,
            204);
  EXPECT_THAT(Result("x"), HasSubstr(R"([[0,"1","1.0027112750502025","3"]])"));
  // Schema 50: whatever is a little over 1.
  const std::string far = Bytes(11, StrCat(Integer(1, 4000), Integer(2, 1)));
  EXPECT_EQ(SendSeries("z", Bytes(3, StrCat(Integer(1, 1), Double(3, 1), Integer(4, 100), far,
                                            Bytes(12, "\x02"), at)))
                .status,
            204);
  EXPECT_THAT(Result("z"), HasSubstr(R"([[0,"1","1.0027112750502025","1"]])"));
  const Response odd =
      SendSeries("y", Bytes(3, StrCat(Integer(1, 3), Integer(4, 18), fine, Bytes(12, "\x02"), at)));
  EXPECT_EQ(odd.body,
            "have 1 buckets but spans need more: histogram spans specify different number of "
            "buckets than provided for series {__name__=\"y\"}\n");
}

TEST_F(WriteV2Test, StalenessMarkersAndStartTimestampsAreKept) {
  Build();
  ASSERT_EQ(SendSeries("m", SampleAt(kStartMs - 5, 1, kStartMs - 1000)).status, 204);
  ASSERT_EQ(SendSeries("h", HistogramAt(kStartMs - 5, 1, Integer(17, kStartMs - 2000))).status,
            204);
  const auto first = [this](std::string_view name) {
    const auto series = storage_.TakeSnapshot()->Select(
        {*Matcher::Create(parser::MatchType::kEqual, "__name__", std::string(name))}, kStartMs - 10,
        kStartMs);
    SampleBuffer buffer;
    const SampleView view = *(*series)[0]->Read(kStartMs - 10, kStartMs, buffer);
    return view.starts == nullptr ? 0 : view.starts[0];
  };
  EXPECT_EQ(first("m"), kStartMs - 1000);
  EXPECT_EQ(first("h"), kStartMs - 2000);
  ASSERT_EQ(SendSeries("m", SampleAt(kStartMs, StaleMarker())).status, 204);
  EXPECT_EQ(Result("m"), "[]");
}

TEST_F(WriteV2Test, MetadataIsKeptUnderTheNameOfTheFamily) {
  MetricMetadataStore store(10);
  deps_.metadata = &store;
  Build();
  const auto send = [&](std::string_view name, int type, std::string_view help) {
    return SendV2(StrCat(Symbols({"__name__", name, help, "seconds"}),
                         Series(StrCat(Refs({1, 2}), SampleAt(kStartMs, 1), Metadata(type, 3, 4)))))
        .status;
  };
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    EXPECT_EQ(send(StrCat("sizes", suffix), 3, "H"), 204);
  }
  EXPECT_EQ(send("parts_count", 5, "S"), 204);
  EXPECT_EQ(send("parts", 5, "S"), 204);
  EXPECT_EQ(send("served_total", 1, "C"), 204);
  EXPECT_EQ(send("g_count", 2, "G"), 204);
  EXPECT_EQ(SendSeries("silent", SampleAt(kStartMs, 1)).status, 204);
  EXPECT_EQ(SendSeries("old", StrCat(SampleAt(kStartMs + 700'000, 1), Metadata(1, 2, 0))).status,
            400);
  const std::string body = Get("/api/v1/metadata").body;
  EXPECT_EQ(body, R"({"status":"success","data":{)"
                  R"("g_count":[{"type":"gauge","unit":"seconds","help":"G"}],)"
                  R"("old":[{"type":"counter","unit":"","help":"old"}],)"
                  R"("parts":[{"type":"summary","unit":"seconds","help":"S"}],)"
                  R"("served_total":[{"type":"counter","unit":"seconds","help":"C"}],)"
                  R"("sizes":[{"type":"histogram","unit":"seconds","help":"H"}]}})");
}

TEST_F(WriteV2Test, MetadataAsLabels) {
  deps_.query_options.type_and_unit_labels = true;
  Build();
  const std::string symbols = Symbols({"__name__", "m", "seconds", "__type__", "gauge"});
  ASSERT_EQ(SendV2(StrCat(symbols, Series(StrCat(Refs({1, 2, 4, 5}), SampleAt(kStartMs, 1),
                                                 Metadata(1, 0, 3)))))
                .status,
            204);
  EXPECT_EQ(Result("m"), R"([{"metric":{"__name__":"m","__type__":"counter","__unit__":"seconds"},)"
                         R"("value":[1700000000,"1"]}])");
  // Without metadata the labels stay as they are.
  ASSERT_EQ(
      SendV2(StrCat(symbols, Series(StrCat(Refs({1, 3, 4, 5}), SampleAt(kStartMs, 1))))).status,
      204);
  EXPECT_THAT(Result("seconds"), HasSubstr(R"({"__name__":"seconds","__type__":"gauge"})"));
}

TEST_F(WriteV2Test, ExemplarsAreJudgedAsWithoutAStoreForThem) {
  Build();
  const Response response = SendSeries(
      "m", StrCat(SampleAt(kStartMs, 1), Exemplar({}, 0), Exemplar({1, 2}, kStartMs),
                  Exemplar({}, kStartMs + 600'001), Exemplar({1}, 0), Exemplar({1, 9}, 0)));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(
      response.body,
      "parsing exemplar for series {__name__=\"m\"}: invalid labelRefs length 1\n"
      "parsing exemplar for series {__name__=\"m\"}: labelRefs 1 (name) = 9 (value) outside of "
      "symbols table (size 3)\n");
  EXPECT_EQ(Written(response), "1 0 2");
}

TEST_F(WriteV2Test, NewSeriesOverTheLimitAreToldOnce) {
  MemoryStorage small(MemoryStorageOptions{.max_series = 1});
  deps_.storage = &small;
  Build();
  ASSERT_EQ(SendSeries("m", SampleAt(kStartMs - 10, 1)).status, 204);
  const Response response =
      SendV2(StrCat(Symbols({"__name__", "m", "new"}),
                    Series(StrCat(Refs({1, 3}), SampleAt(kStartMs - 1, 1), SampleAt(kStartMs, 1))),
                    Series(StrCat(Refs({1, 2}), SampleAt(kStartMs, 2)))));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            "the limit of 1 series is reached; new series are refused (--storage.max-series) for "
            "series {__name__=\"new\"}\n");
  EXPECT_EQ(Written(response), "1 0 0");
  EXPECT_THAT(Get("/metrics").body, HasSubstr("sloburn_remote_write_limited_series_total 1\n"));
}

TEST_F(WriteV2Test, TheTextOfErrorsIsBounded) {
  deps_.write_limits.max_error_bytes = 100;
  Build();
  std::string message = Symbols({"__name__", "m"});
  for (int i = 0; i < 1000; ++i) message += Series(Refs({1, 2, 1}));
  const Response response = SendV2(message);
  EXPECT_EQ(response.body,
            "parsing labels for series [1 2 1]: invalid labelRefs length 3\n999 more errors\n");
}

// Fails its commits: with `failure` as often as `times` says.
class FailingStorage : public Storage {
 public:
  FailingStorage(Storage* base, absl::Status failure, int times)
      : base_(base), failure_(std::move(failure)), times_(times) {}
  std::shared_ptr<const Snapshot> TakeSnapshot() const override { return base_->TakeSnapshot(); }
  std::unique_ptr<Appender> NewAppender() override {
    return std::make_unique<FailingAppender>(*this, base_->NewAppender());
  }

 private:
  class FailingAppender : public Appender {
   public:
    FailingAppender(FailingStorage& storage, std::unique_ptr<Appender> base)
        : storage_(storage), base_(std::move(base)) {}
    absl::Status Append(const Labels& labels, int64_t t, double v) override {
      return base_->Append(labels, t, v);
    }
    absl::Status AppendHistogram(const Labels& labels, int64_t t, HistogramPtr h) override {
      return base_->AppendHistogram(labels, t, std::move(h));
    }
    absl::Status AppendStarted(const Labels& labels, int64_t t, int64_t start, double v,
                               HistogramPtr h) override {
      return base_->AppendStarted(labels, t, start, v, std::move(h));
    }
    void RefuseLateSamples() override { base_->RefuseLateSamples(); }
    absl::Status CommitWith(CommitExtras extras) override {
      return storage_.times_-- > 0 ? storage_.failure_ : base_->CommitWith(std::move(extras));
    }

   private:
    FailingStorage& storage_;
    const std::unique_ptr<Appender> base_;
  };

  Storage* const base_;
  const absl::Status failure_;
  int times_;
};

TEST_F(WriteV2Test, ErrorsOfTheStoreAreFiveHundredAndStoreNothing) {
  for (const absl::Status& failure :
       {absl::UnavailableError("disk full"), absl::ResourceExhaustedError("disk full"),
        absl::OutOfRangeError("disk full")}) {
    FailingStorage storage(&storage_, failure, 100);
    deps_.storage = &storage;
    router_ = Router();
    Build();
    const Response response = SendV2(StrCat(Symbols({"__name__", "m"}),
                                            Series(StrCat(Refs({1, 2}), SampleAt(kStartMs, 1))),
                                            Series(Refs({1, 2, 1}))));
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body, "disk full\n");
    EXPECT_EQ(Written(response), "0 0 0");
    EXPECT_EQ(Result("m"), "[]");
  }
}

TEST_F(WriteV2Test, CommitsThatOthersWereFasterWithAreTriedAgain) {
  FailingStorage storage(&storage_, absl::OutOfRangeError("out of order sample"), 2);
  deps_.storage = &storage;
  Build();
  const Response response = SendSeries("m", SampleAt(kStartMs, 1));
  EXPECT_EQ(response.status, 204) << response.body;
  EXPECT_EQ(Written(response), "1 0 0");
}

TEST_F(WriteV2Test, MalformedMessagesAreRefused) {
  Build();
  const std::string good =
      StrCat(Symbols({"__name__", "m"}), Series(StrCat(Refs({1, 2}), SampleAt(kStartMs, 1))));
  std::vector<uint32_t> many(4096, 1);
  for (const std::string& message :
       {good.substr(0, good.size() - 1), std::string(20, '\xff'), Integer(5, 1), Integer(4, 1),
        std::string("\x2a\x7fx"), StrCat(good, Series("\x0a\x7f")),
        StrCat(good, Series(Double(1, 1))), StrCat(good, Series(Integer(2, 1))),
        StrCat(good, Series(Bytes(3, Double(1, 1)))), StrCat(good, Series(Bytes(4, Double(1, 1)))),
        StrCat(good, Series(Bytes(5, Bytes(1, "")))), StrCat(good, Series(Refs(many))),
        StrCat(good, Series(Bytes(4, Refs(many))))}) {
    const Response response = SendV2(message);
    EXPECT_EQ(response.status, 400);
    EXPECT_GT(response.body.size(), 10);
    EXPECT_EQ(Written(response), "0 0 0");
  }
  EXPECT_EQ(Result("m"), "[]");
}

TEST_F(WriteV2Test, ALongTextInManySeriesIsRefused) {
  deps_.write_limits.max_text_bytes = 5000;
  Build();
  std::string message = Symbols({"__name__", "m", std::string(1000, 'v')});
  for (int i = 0; i < 5; ++i) message += Series(StrCat(Refs({1, 2, 2, 3}), SampleAt(kStartMs, 1)));
  const Response response = SendV2(message);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, "more than the limit of 5000 bytes of labels and metadata\n");
  EXPECT_EQ(Result("%7Bm!=%22%22%7D"), "[]");
}

TEST_F(WriteV2Test, TooManySamplesAreRefused) {
  deps_.write_limits.max_samples = 10;
  Build();
  std::string content;
  for (int i = 0; i < 11; ++i) content += SampleAt(kStartMs + i, i);
  EXPECT_EQ(SendSeries("m", content).status, 400);
  content.clear();
  for (int i = 0; i < 11; ++i) content += Exemplar({}, 0);
  EXPECT_EQ(SendSeries("m", content).status, 400);
  EXPECT_EQ(Result("m"), "[]");
}

}  // namespace
}  // namespace sloburn::web
