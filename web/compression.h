// SPDX-License-Identifier: Apache-2.0
// gzip for answers. Requests are never decompressed here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "web/request.h"
#include "web/response.h"

namespace sloburn::web {

// Bodies at most this long are sent as they are.
inline constexpr size_t kSmallestCompressedBody = 1024;

// Whether an Accept-Encoding value allows gzip ("gzip;q=0" does not).
bool AcceptsGzip(std::string_view accept_encoding);

// `body` in gzip format; empty when zlib has no memory.
std::string Gzip(std::string_view body, int level = 1);

// Compresses the body when the client accepts it and it is worth it; always sets Vary.
void CompressResponse(const Request& request, Response& response);

}  // namespace sloburn::web
