// SPDX-License-Identifier: Apache-2.0
// Chains of 10,000 operators, as generated rules have them, on a thread with a small stack.
#include <pthread.h>

#include <functional>
#include <string>

#include "engine/engine.h"
#include "engine/storage/memory_storage.h"
#include "gtest/gtest.h"

namespace sloburn::engine {
namespace {

constexpr size_t kSmallStackBytes = 256 << 10;
constexpr int kLinks = 10'000;

void OnSmallStack(const std::function<void()>& run) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, kSmallStackBytes), 0);
  pthread_t thread;
  const auto start = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, start,
                           const_cast<void*>(static_cast<const void*>(&run))),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

std::string Chain(const std::string& first, const std::string& link) {
  std::string text = first;
  for (int i = 0; i < kLinks; ++i) text += link;
  return text;
}

double ValueOf(const std::string& text) {
  MemoryStorage storage;
  auto appender = storage.NewAppender();
  EXPECT_TRUE(appender->Append(Labels::FromPairs({{"__name__", "up"}}), 1000, 2).ok());
  EXPECT_TRUE(appender->Commit().ok());
  const QueryOptions options;
  const auto query = Prepare(text, options);
  EXPECT_TRUE(query.ok()) << query.status();
  if (!query.ok()) return 0;
  const auto result =
      Execute(*query, *storage.TakeSnapshot(), TimeRange::Instant(1000), options);
  EXPECT_TRUE(result.ok()) << result.status();
  if (!result.ok()) return 0;
  if (const auto* scalar = std::get_if<ScalarResult>(&result->value)) return scalar->value;
  const auto& vector = std::get<InstantVector>(result->value);
  EXPECT_EQ(vector.size(), 1u);
  return vector.empty() ? 0 : vector[0].value;
}

TEST(DeepChain, OfScalars) {
  OnSmallStack([] { EXPECT_EQ(ValueOf(Chain("1", "+1")), kLinks + 1); });
}

TEST(DeepChain, OfVectors) {
  OnSmallStack([] { EXPECT_EQ(ValueOf(Chain("up", "+up")), 2 * (kLinks + 1)); });
}

TEST(DeepChain, OfSetOperations) {
  OnSmallStack([] { EXPECT_EQ(ValueOf(Chain("up", " or up")), 2); });
}

TEST(DeepChain, OfPowers) {
  OnSmallStack([] { EXPECT_EQ(ValueOf(Chain("2", "^1")), 2); });
}

TEST(DeepChain, OfUnaryMinus) {
  OnSmallStack([] { EXPECT_EQ(ValueOf(std::string(400, '-') + "up"), 2); });
}

}  // namespace
}  // namespace sloburn::engine
