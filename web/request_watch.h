// SPDX-License-Identifier: Apache-2.0
// Watches over a request while its handler runs: cancels it when its client has hung up or when
// its time is over. Private to the server.
//
//   watch.Start(request.cancelled, options.request_timeout, /*watches_client=*/true, owner);
//   ... the handler runs ...
//   watch.Stop();
//   if (watch.is_late()) ...
//
// Ownership: borrows all that it is made of. Threads: the strand of the stream.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "absl/time/time.h"
#include "web/client_stream.h"

namespace sloburn::web {

class RequestWatch {
 public:
  // `timeouts` counts the requests that took too long.
  RequestWatch(ClientStream& stream, std::atomic<int64_t>& timeouts)
      : stream_(stream),
        timeouts_(timeouts),
        client_timer_(stream.get_executor()),
        limit_timer_(stream.get_executor()) {}

  using Owner = std::shared_ptr<void>;

  // Sets `*cancelled` when the handler is to end. `owner` keeps this object for as long as it waits
  // for something. `watches_client` must be false where the client has sent more already.
  void Start(std::shared_ptr<std::atomic<bool>> cancelled, absl::Duration limit,
             bool watches_client, const Owner& owner);
  // Ends the watch and all other operations on the socket. Idempotent.
  void Stop();
  // Cancels the request that is being watched, if there is one.
  void Cancel();

  // Whether the last request was cancelled for its time.
  bool is_late() const { return is_late_; }

 private:
  void WatchClient(const Owner& owner);
  void WatchClientLater(const Owner& owner);

  ClientStream& stream_;
  std::atomic<int64_t>& timeouts_;
  boost::asio::steady_timer client_timer_, limit_timer_;
  std::shared_ptr<std::atomic<bool>> cancelled_;  // null: nothing is watched
  bool is_late_ = false;
};

}  // namespace sloburn::web
