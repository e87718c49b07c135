// SPDX-License-Identifier: Apache-2.0
// The feature type-and-unit-labels: scripts of promqltest run without it.
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/storage/memory_storage.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sloburn::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> InfosOf(const std::string& metric, const std::string& type,
                                 const QueryOptions& options) {
  MemoryStorage storage;
  auto appender = storage.NewAppender();
  const Labels labels = Labels::FromPairs({{"__name__", metric}, {"__type__", type}});
  EXPECT_TRUE(appender->Append(labels, 30'000, 1).ok());
  EXPECT_TRUE(appender->Append(labels, 60'000, 2).ok());
  EXPECT_TRUE(appender->Commit().ok());
  const auto query = Prepare("rate(" + metric + "[1m])", options);
  EXPECT_TRUE(query.ok()) << query.status();
  const auto result =
      Execute(*query, *storage.TakeSnapshot(), TimeRange::Instant(60'000), options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result->infos;
}

TEST(TypeLabels, TellCountersByTheirType) {
  QueryOptions options;
  options.type_and_unit_labels = true;
  EXPECT_THAT(InfosOf("jobs", "counter", options), IsEmpty());
  EXPECT_THAT(InfosOf("jobs", "histogram", options), IsEmpty());
  EXPECT_THAT(InfosOf("jobs_total", "gauge", options),
              ElementsAre("PromQL info: metric might not be a counter, __type__ label is not set to "
                          "\"counter\" or \"histogram\", got \"gauge\": \"jobs_total\" (1:6)"));
  EXPECT_THAT(InfosOf("jobs_total", "", options),
              ElementsAre("PromQL info: metric might not be a counter, __type__ label is not set to "
                          "\"counter\" or \"histogram\", got \"\": \"jobs_total\" (1:6)"));
}

TEST(TypeLabels, CountForNothingWithoutTheFeature) {
  EXPECT_THAT(InfosOf("jobs_total", "gauge", {}), IsEmpty());
  EXPECT_EQ(InfosOf("jobs", "counter", {}).size(), 1u);
}

}  // namespace
}  // namespace sloburn::engine
