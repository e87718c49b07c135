// SPDX-License-Identifier: Apache-2.0
#include "web/lingering_close.h"

#include <cstddef>
#include <utility>

namespace sloburn::web {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr int64_t kLingerBytes = 16 << 20;
constexpr size_t kReadBytes = 64 << 10;

}  // namespace

void LingeringClose::Start(std::function<void()> done) {
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  bytes_left_ = kLingerBytes;
  buffer_.clear();
  ReadOn(std::move(done));
}

void LingeringClose::ReadOn(std::function<void()> done) {
  stream_.socket().async_read_some(
      buffer_.prepare(kReadBytes),
      [this, done = std::move(done)](const error_code& error, size_t bytes) mutable {
        bytes_left_ -= static_cast<int64_t>(bytes);
        if (!error && bytes_left_ > 0) return ReadOn(std::move(done));
        done();
      });
}

}  // namespace sloburn::web
