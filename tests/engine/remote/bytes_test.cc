// SPDX-License-Identifier: Apache-2.0
// Snappy blocks, gzip streams, CRC-32C, and the frames of streamed remote read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>

#include "base/str_cat.h"
#include "engine/remote/chunked_frames.h"
#include "base/crc32c.h"
#include "engine/remote/gzip_decoder.h"
#include "engine/remote/snappy_block.h"
#include "tests/engine/remote/prometheus_wire.h"

namespace sloburn::remote {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(SnappyBlockTest, RoundTrips) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, size_t{1} << 20}) {
    std::string text(size, 'a');
    for (size_t i = 0; i < size; i += 7) text[i] = static_cast<char>(i * 31);
    const auto back = SnappyDecompress(SnappyCompress(text), size);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, text);
  }
}

TEST(SnappyBlockTest, ChecksTheDeclaredLengthFirst) {
  // 4 GiB - 1 declared, one literal byte.
  const std::string bomb("\xff\xff\xff\xff\x0f\x00\x61", 7);
  EXPECT_TRUE(absl::IsResourceExhausted(SnappyDecompress(bomb, 32 << 20).status()));
  const absl::Status lie = SnappyDecompress(bomb, size_t{1} << 40).status();
  EXPECT_TRUE(absl::IsInvalidArgument(lie));
  EXPECT_THAT(Message(lie), HasSubstr("cannot hold"));
}

TEST(SnappyBlockTest, RefusesWhatIsNoBlock) {
  EXPECT_TRUE(absl::IsInvalidArgument(SnappyDecompress("", 100).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(SnappyDecompress("\xff\xff\xff", 100).status()));
  std::string block = SnappyCompress(std::string(500, 'x') + "end");
  block.resize(block.size() - 2);
  EXPECT_TRUE(absl::IsInvalidArgument(SnappyDecompress(block, 1000).status()));
}

std::string Gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

absl::Status Gunzip(std::string_view bytes, size_t piece, size_t cap, std::string& out) {
  GzipDecoder decoder(cap);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    const absl::Status status = decoder.Feed(bytes.substr(at, piece), [&](std::string_view plain) {
      out += plain;
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
  }
  return decoder.Finish();
}

TEST(GzipDecoderTest, InflatesInAnyPieces) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) StrAppend(&text, i, ",");
  for (const size_t piece : {size_t{1}, size_t{100}, size_t{1} << 20}) {
    std::string out;
    ASSERT_TRUE(Gunzip(Gzip(text), piece, text.size(), out).ok());
    EXPECT_EQ(out, text);
  }
}

TEST(GzipDecoderTest, StopsAtTheCap) {
  const std::string bomb = Gzip(std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000u);
  std::string out;
  EXPECT_TRUE(absl::IsResourceExhausted(Gunzip(bomb, bomb.size(), 1 << 20, out)));
  EXPECT_LE(out.size(), 1u << 20);
}

TEST(GzipDecoderTest, RefusesCutAndForeignBytes) {
  std::string out;
  const std::string good = Gzip("hello");
  EXPECT_TRUE(absl::IsDataLoss(Gunzip(good.substr(0, good.size() - 1), 3, 100, out)));
  EXPECT_TRUE(absl::IsInvalidArgument(Gunzip("<html>", 6, 100, out)));
  EXPECT_TRUE(absl::IsInvalidArgument(Gunzip(good + "x", 100, 100, out)));
}

TEST(Crc32cTest, KnownValues) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

struct Split {
  std::vector<std::string> frames;
  absl::Status status;
};

Split SplitFrames(std::string_view bytes, size_t piece, size_t limit = 1000) {
  Split split;
  FrameSplitter splitter(limit);
  for (size_t at = 0; at < bytes.size() && split.status.ok(); at += piece) {
    split.status = splitter.Feed(bytes.substr(at, piece), [&](std::string_view frame) {
      split.frames.emplace_back(frame);
      return absl::OkStatus();
    });
  }
  if (split.status.ok()) split.status = splitter.Finish();
  return split;
}

TEST(FrameSplitterTest, SplitsWhateverThePieces) {
  const std::string long_one(300, 'q');
  const std::string bytes = Frame("one") + Frame(long_one) + Frame("") + Frame("last");
  for (size_t piece = 1; piece < 330; ++piece) {
    const Split split = SplitFrames(bytes, piece);
    ASSERT_TRUE(split.status.ok()) << piece << ": " << split.status;
    EXPECT_THAT(split.frames, ElementsAre("one", long_one, "", "last")) << piece;
  }
}

TEST(FrameSplitterTest, RefusesBadFrames) {
  std::string flipped = Frame("one") + Frame("two");
  flipped.back() ^= 1;
  const Split bad = SplitFrames(flipped, 100);
  EXPECT_TRUE(absl::IsDataLoss(bad.status));
  EXPECT_THAT(Message(bad.status), HasSubstr("frame 2 fails its checksum"));
  EXPECT_THAT(bad.frames, ElementsAre("one"));

  const std::string whole = Frame("one") + Frame("two");
  for (size_t cut = 1; cut < Frame("two").size(); ++cut) {
    const Split split = SplitFrames(whole.substr(0, whole.size() - cut), 3);
    EXPECT_TRUE(absl::IsDataLoss(split.status)) << cut;
    EXPECT_THAT(Message(split.status), HasSubstr("ends within frame 2"));
  }

  // A length is judged before its bytes are waited for.
  EXPECT_TRUE(absl::IsResourceExhausted(SplitFrames("\xff\xff\xff\xff\x0f", 100).status));
  EXPECT_TRUE(absl::IsDataLoss(SplitFrames(std::string(12, '\xff'), 100).status));
}

}  // namespace
}  // namespace sloburn::remote
