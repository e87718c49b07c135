// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/write without sockets, and a protobuf encoder that is independent of the product's.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/str_cat.h"
#include "engine/remote/snappy_block.h"
#include "tests/web/api_fixture.h"

namespace sloburn::web {

inline std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  return out + static_cast<char>(value);
}
inline std::string Bytes(int field, std::string_view bytes) {
  return StrCat(Varint(field << 3 | 2), Varint(bytes.size()), bytes);
}
inline std::string Double(int field, double value) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  std::string out = Varint(field << 3 | 1);
  for (int i = 0; i < 8; ++i) out += static_cast<char>(bits >> (8 * i));
  return out;
}
inline std::string Integer(int field, int64_t value) {
  return StrCat(Varint(field << 3), Varint(static_cast<uint64_t>(value)));
}

class WriteFixture : public ApiFixture {
 protected:
  Response Send(std::string body, std::string type = "application/x-protobuf",
                std::string encoding = "snappy") {
    Request request;
    request.method = "POST";
    if (!type.empty()) request.headers.push_back({"Content-Type", std::move(type)});
    if (!encoding.empty()) request.headers.push_back({"Content-Encoding", std::move(encoding)});
    request.body = std::move(body);
    return Call(std::move(request), "/api/v1/write");
  }
  Response SendMessage(std::string_view message) { return Send(remote::SnappyCompress(message)); }
  Response SendV2(std::string_view message) {
    return Send(remote::SnappyCompress(message),
                "application/x-protobuf;proto=io.prometheus.write.v2.Request");
  }
  std::string Result(std::string_view query) {
    const std::string body = Get(StrCat("/api/v1/query?time=1700000000&query=", query)).body;
    const size_t at = body.find("\"result\":");
    return at == std::string::npos ? body : body.substr(at + 9, body.size() - at - 11);
  }
};

}  // namespace sloburn::web
