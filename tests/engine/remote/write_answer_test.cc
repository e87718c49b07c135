// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_answer.h"

#include <gtest/gtest.h>

#include "base/str_cat.h"

namespace sloburn::remote {
namespace {

HttpResponse With(HttpHeaders headers) {
  HttpResponse response;
  response.headers = std::move(headers);
  return response;
}

TEST(WriteAnswerTest, WrittenCounts) {
  WrittenCounts counts =
      ReadWrittenCounts(With({{"x-prometheus-remote-write-samples-written", "7"},
                              {"x-prometheus-remote-write-histograms-written", "2"}}));
  EXPECT_TRUE(counts.is_told);
  EXPECT_EQ(counts.samples, 7);
  EXPECT_EQ(counts.histograms, 2);
  counts = ReadWrittenCounts(With({{"x-prometheus-remote-write-exemplars-written", "0"}}));
  EXPECT_TRUE(counts.is_told);
  EXPECT_EQ(counts.samples, 0);
  EXPECT_FALSE(ReadWrittenCounts(With({{"content-type", "text/plain"}})).is_told);
  for (const char* odd : {"x", "-1", "1.5", "99999999999999999999", " "}) {
    counts = ReadWrittenCounts(With({{"x-prometheus-remote-write-samples-written", odd}}));
    EXPECT_TRUE(counts.is_told) << odd;
    EXPECT_EQ(counts.samples, 0) << odd;
  }
}

TEST(WriteAnswerTest, KnownSamples) {
  const struct {
    const char* words;
    int64_t refused, known;
  } cases[] = {
      {"out of order sample\n", 1, 1},
      {"out of order sample", 3, 3},  // one line for all
      {"Out of order sample for series {a=\"b\"}\nduplicate sample for timestamp 5; overrides\n", 2,
       2},
      {"out of order sample for series {}\nout of bounds for series {}\n", 2, 1},
      {"out of order sample for series {}\nout of order sample for series {}\nout of bou", 9, 9},
      {"out of bounds\n", 1, 0},
      {"too old sample\n", 1, 0},
      {"label invalid\n", 1, 0},
      {"", 2, 0},
      {"\n\n", 2, 0},
      {"err-mimir-sample-out-of-order: the sample has been rejected", 4, 4},
      {"err: duplicate sample for timestamp", 1, 1},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(CountKnown(one.words, one.refused), one.known) << one.words;
  }
}

}  // namespace
}  // namespace sloburn::remote
