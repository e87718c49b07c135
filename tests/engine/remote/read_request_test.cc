// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/read_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/model/time_range.h"
#include "tests/engine/remote/prometheus_wire.h"

namespace sloburn::remote {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string MatcherField(int type, std::string_view name, std::string_view value) {
  return BytesField(3, VarintField(1, static_cast<uint64_t>(type)) + BytesField(2, name) +
                           BytesField(3, value));
}

TEST(ReadRequestTest, DecodesQueriesAndSkipsTheRest) {
  const std::string query = VarintField(1, 10) + VarintField(2, static_cast<uint64_t>(-20)) +
                            MatcherField(0, "__name__", "up") + MatcherField(3, "job", "a|b") +
                            BytesField(4, VarintField(1, 5)) + VarintField(99, 1);
  const auto request = DecodeReadRequest(BytesField(1, query) + BytesField(1, "") +
                                             BytesField(2, std::string("\x01\x00", 2)) +
                                             VarintField(2, 7) + DoubleField(50, 1),
                                         {});
  ASSERT_TRUE(request.ok()) << request.status();
  ASSERT_EQ(request->queries.size(), 2u);
  EXPECT_EQ(request->queries[0].start_ms, 10);
  EXPECT_EQ(request->queries[0].end_ms, -20);
  ASSERT_EQ(request->queries[0].matchers.size(), 2u);
  EXPECT_EQ(request->queries[0].matchers[1].type, 3);
  EXPECT_EQ(request->queries[0].matchers[1].name, "job");
  EXPECT_EQ(request->queries[0].matchers[1].value, "a|b");
  EXPECT_THAT(request->accepted, ElementsAre(1, 0, 7));
}

TEST(ReadRequestTest, OursIsRead) {
  const auto matcher = Matcher::Create(parser::MatchType::kRegex, "job", "a.*");
  const auto request = DecodeReadRequest(
      EncodeReadRequest({{1, 2, {*matcher}}},
                        {ReadResponseType::kStreamedXorChunks, ReadResponseType::kSamples}),
      {});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->accepted, ElementsAre(1, 0));
  const auto query = ToReadQuery(request->queries.at(0), {});
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->matchers.at(0).ToString(), R"(job=~"a.*")");
}

TEST(ReadRequestTest, BadBytesAndTooMuchAreErrors) {
  for (const std::string& bytes :
       {std::string("\x0a\xff"), std::string("\x08\x05"), BytesField(1, BytesField(1, "x")),
        BytesField(1, VarintField(3, 1)), BytesField(1, BytesField(3, VarintField(2, 1)))}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecodeReadRequest(bytes, {}).status()));
  }
  const std::string query = BytesField(1, MatcherField(0, "a", "b"));
  EXPECT_TRUE(DecodeReadRequest(query + query, {2, 2}).ok());
  EXPECT_TRUE(
      absl::IsResourceExhausted(DecodeReadRequest(query + query + query, {2, 9}).status()));
  EXPECT_TRUE(
      absl::IsResourceExhausted(DecodeReadRequest(query + query + query, {9, 2}).status()));
}

TEST(ReadRequestTest, TheFirstTypeThatWeHaveIsChosen) {
  EXPECT_EQ(*ChooseResponseType({}), ReadResponseType::kSamples);
  EXPECT_EQ(*ChooseResponseType({0, 1}), ReadResponseType::kSamples);
  EXPECT_EQ(*ChooseResponseType({9, 1, 0}), ReadResponseType::kStreamedXorChunks);
  const absl::Status none = ChooseResponseType({9, -1}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(none));
  EXPECT_EQ(std::string(none.message()),
            "server does not support any of the requested response types: [9 -1]; "
            "supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]");
}

TEST(ReadRequestTest, MatchersAreJudgedInPrometheusWords) {
  EXPECT_EQ(std::string(ToReadQuery({0, 1, {{4, "a", "b"}}}, {}).status().message()),
            "invalid matcher type");
  EXPECT_THAT(std::string(ToReadQuery({0, 1, {{2, "a", "("}}}, {}).status().message()),
              HasSubstr("error parsing regexp: missing closing ): `"));
}

TEST(ReadRequestTest, TimesAreCutToWhatTheEngineComputesWith) {
  const auto query = ToReadQuery({std::numeric_limits<int64_t>::min(),
                                  std::numeric_limits<int64_t>::max(), {}}, {});
  EXPECT_EQ(query->start_ms, kMinTimeMs);
  EXPECT_EQ(query->end_ms, kMaxTimeMs);
}

TEST(ReadRequestTest, EqualityWithAnExternalLabelHoldsWithoutTheLabel) {
  const ExternalLabels external = {{"cluster", "a.b-1"}, {"replica", "x"}};
  const auto query = ToReadQuery(
      {0, 1, {{0, "cluster", "a.b-1"}, {0, "replica", "y"}, {1, "replica", "x"}, {0, "job", ""}}},
      external);
  ASSERT_TRUE(query.ok()) << query.status();
  const Matchers& matchers = query->matchers;
  EXPECT_TRUE(matchers[0].Matches(""));
  EXPECT_TRUE(matchers[0].Matches("a.b-1"));
  EXPECT_FALSE(matchers[0].Matches("axb-1"));
  EXPECT_EQ(matchers[1].ToString(), R"(replica="y")");
  EXPECT_EQ(matchers[2].ToString(), R"(replica!="x")");
  EXPECT_EQ(matchers[3].ToString(), R"(job="")");
}

}  // namespace
}  // namespace sloburn::remote
