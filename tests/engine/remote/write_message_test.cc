// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_message.h"

#include "gtest/gtest.h"

namespace sloburn::remote {
namespace {

constexpr const char* kV1 = "prometheus.WriteRequest";
constexpr const char* kV2 = "io.prometheus.write.v2.Request";

TEST(WriteMessageTest, ListsOfNames) {
  const auto both = ParseWriteMessages({kV2, kV1});
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(*both, (std::vector<WriteMessage>{WriteMessage::kVersion2, WriteMessage::kVersion1}));
  EXPECT_EQ(WriteMessageNames(*both), "io.prometheus.write.v2.Request, prometheus.WriteRequest");
  EXPECT_EQ(ParseWriteMessages({"x"}).status().message(),
            "unknown type for remote write protobuf message x, supported: prometheus.WriteRequest, "
            "io.prometheus.write.v2.Request");
  EXPECT_EQ(ParseWriteMessages({kV1, kV2, kV1}).status().message(),
            "duplicated prometheus.WriteRequest flag value, got prometheus.WriteRequest, "
            "io.prometheus.write.v2.Request already");
}

TEST(WriteMessageTest, ContentTypes) {
  const auto is = [](std::string_view type, WriteMessage message) {
    const auto parsed = WriteMessageOf(type);
    return parsed.ok() && *parsed == message;
  };
  EXPECT_TRUE(is("", WriteMessage::kVersion1));
  EXPECT_TRUE(is(" application/x-protobuf ", WriteMessage::kVersion1));
  EXPECT_TRUE(is("application/x-protobuf;a=b;proto=io.prometheus.write.v2.Request;c",
                 WriteMessage::kVersion2));
  EXPECT_FALSE(
      is("application/x-protobuf ;proto=prometheus.WriteRequest", WriteMessage::kVersion1));
  for (const std::string_view bad :
       {"text/plain", ";", "application/x-protobuf;", "application/x-protobuf;proto",
        "application/x-protobuf;proto=a=b", "application/x-protobuf;proto="}) {
    EXPECT_FALSE(WriteMessageOf(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace sloburn::remote
