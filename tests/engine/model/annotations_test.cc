// SPDX-License-Identifier: Apache-2.0
#include "engine/model/annotations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sloburn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Annotations, CarryPrefixAndPlace) {
  Annotations annotations;
  annotations.Warn({4, 5}, "careful");
  annotations.Inform({0, 1}, "by the way");
  EXPECT_THAT(annotations.Warnings("abc\ndef"), ElementsAre("PromQL warning: careful (2:1)"));
  EXPECT_THAT(annotations.Infos("abc\ndef"), ElementsAre("PromQL info: by the way (1:1)"));
  EXPECT_THAT(annotations.Infos(""), ElementsAre("PromQL info: by the way"));
}

TEST(Annotations, EqualTextsAreOneWithThePlaceEvaluatedLast) {
  Annotations annotations;
  annotations.Warn({2, 3}, "a");
  annotations.Warn({1, 2}, "b");
  annotations.Warn({0, 1}, "a");
  EXPECT_THAT(annotations.Warnings("xyz"),
              ElementsAre("PromQL warning: a (1:3)", "PromQL warning: b (1:2)"));
  EXPECT_THAT(annotations.Infos("xyz"), IsEmpty());
}

TEST(Annotations, AnExpressionIsEvaluatedAfterThoseWithinIt) {
  Annotations annotations;
  annotations.Warn({0, 3}, "a");
  annotations.Warn({1, 3}, "a");
  EXPECT_THAT(annotations.Warnings("xyz"), ElementsAre("PromQL warning: a (1:1)"));
}

TEST(Annotations, CountsHaveThePlaceEvaluatedFirst) {
  Annotations annotations;
  annotations.WarnCounted({2, 3}, "a", 1);
  annotations.WarnCounted({1, 2}, "a", 2);
  EXPECT_THAT(annotations.Warnings("xyz"), ElementsAre("PromQL warning: a (3 occurrences) (1:2)"));
}

TEST(Annotations, ForcedMonotonicityTellsItsExtent) {
  Annotations annotations;
  annotations.InformForcedMonotonicity(
      {0, 1}, "raised", {.min_bucket = 0.5, .max_bucket = 1, .max_difference = 2,
                         .first_ms = 60'000, .last_ms = 60'000});
  annotations.InformForcedMonotonicity(
      {0, 1}, "raised", {.min_bucket = 1, .max_bucket = 5, .max_difference = 0.123,
                         .first_ms = 0, .last_ms = 0});
  EXPECT_THAT(annotations.Infos("q"),
              ElementsAre("PromQL info: raised, from buckets 0.5 to 5, with a max diff of 2, over 2 "
                          "samples from 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z (1:1)"));
}

}  // namespace
}  // namespace sloburn
