// SPDX-License-Identifier: Apache-2.0
#include "web/request_watch.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace sloburn::web {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kWatchInterval(200);

bool HasHungUp(int socket) {
  pollfd one{socket, POLLRDHUP, 0};
  return ::poll(&one, 1, 0) > 0;
}

}  // namespace

void RequestWatch::Start(std::shared_ptr<std::atomic<bool>> cancelled, absl::Duration limit,
                         bool watches_client, const Owner& owner) {
  cancelled_ = std::move(cancelled);
  is_late_ = false;
  if (watches_client) WatchClient(owner);
  limit_timer_.expires_after(absl::ToChronoMilliseconds(limit));
  limit_timer_.async_wait([this, owner, watched = cancelled_](const error_code& error) {
    if (error || cancelled_ != watched) return;
    ++timeouts_;
    is_late_ = true;
    Cancel();
  });
}

void RequestWatch::WatchClient(const Owner& owner) {
  stream_.socket().async_wait(tcp::socket::wait_read, [this, owner](const error_code& error) {
    if (error || cancelled_ == nullptr) return;
    const int socket = stream_.socket().native_handle();
    char byte;
    const ssize_t got = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0 && !stream_.is_tls()) return;
    if (got > 0 && !HasHungUp(socket)) return WatchClientLater(owner);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return WatchClient(owner);
    Cancel();
  });
}

// What TLS brought may be the next request or a farewell; only the end of the stream tells.
void RequestWatch::WatchClientLater(const Owner& owner) {
  client_timer_.expires_after(kWatchInterval);
  client_timer_.async_wait([this, owner](const error_code& error) {
    if (!error && cancelled_ != nullptr) WatchClient(owner);
  });
}

void RequestWatch::Stop() {
  cancelled_.reset();
  limit_timer_.cancel();
  client_timer_.cancel();
  error_code ignored;
  stream_.socket().cancel(ignored);
}

void RequestWatch::Cancel() {
  if (cancelled_ != nullptr) cancelled_->store(true);
}

}  // namespace sloburn::web
