// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/snappy_block.h"

#include <snappy.h>

#include "base/str_cat.h"

namespace sloburn::remote {
namespace {
// The densest element: three bytes that copy 64.
constexpr size_t kMaxRatio = 22;
}  // namespace

std::string SnappyCompress(std::string_view bytes) {
  std::string block;
  snappy::Compress(bytes.data(), bytes.size(), &block);
  return block;
}

absl::StatusOr<std::string> SnappyDecompress(std::string_view block, size_t max_decoded_bytes) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &size)) {
    return absl::InvalidArgumentError("snappy: not a block: no length at its start");
  }
  if (size > max_decoded_bytes) {
    return absl::ResourceExhaustedError(StrCat(
        "snappy: the block declares ", size, " bytes, more than the limit of ", max_decoded_bytes));
  }
  if (size / kMaxRatio > block.size()) {
    return absl::InvalidArgumentError(StrCat("snappy: the block declares ", size, " bytes, which ",
                                             block.size(), " compressed bytes cannot hold"));
  }
  std::string bytes(size, '\0');
  if (!snappy::RawUncompress(block.data(), block.size(), bytes.data())) {
    return absl::InvalidArgumentError("snappy: the block is corrupt");
  }
  return bytes;
}

}  // namespace sloburn::remote
