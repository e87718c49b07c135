// SPDX-License-Identifier: Apache-2.0
// Bytes -> a PromQL query: each choice on the way takes the next byte, so that a fuzzer's changes
// of bytes are small changes of the query. Types fit, so nearly all queries are valid; what is
// asked for are the metrics of fuzz_data.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sloburn {

// Yields zeros when it is used up.
class ByteSource {
 public:
  explicit ByteSource(std::string_view bytes) : bytes_(bytes) {}
  // Below `count`.
  size_t Pick(size_t count) {
    const uint8_t byte = next_ < bytes_.size() ? static_cast<uint8_t>(bytes_[next_++]) : 0;
    return byte % count;
  }
  bool Flip() { return Pick(2) == 1; }

 private:
  const std::string_view bytes_;
  size_t next_ = 0;
};

std::string GenerateQuery(ByteSource& bytes);

}  // namespace sloburn
