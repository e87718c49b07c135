// SPDX-License-Identifier: Apache-2.0
// gzip and deflate (zlib) for answers. Requests are never decompressed here.
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "web/request.h"
#include "web/response.h"

namespace sloburn::web {

// Bodies at most this long are sent as they are.
inline constexpr size_t kSmallestCompressedBody = 1024;

enum class ContentCoding { kIdentity, kGzip, kDeflate };

// The first one of an Accept-Encoding value that we have ("gzip;q=0" forbids it): as Prometheus
// chooses, which leaves the order to the client.
ContentCoding ChooseCoding(std::string_view accept_encoding);

// `body` in that format; empty when zlib has no memory. REQUIRES: not kIdentity.
std::string Compress(std::string_view body, ContentCoding coding, int level = 1);

// Compresses the body when the client accepts it and it is worth it; always sets Vary.
void CompressResponse(const Request& request, Response& response);

}  // namespace sloburn::web
