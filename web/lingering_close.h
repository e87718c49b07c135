// SPDX-License-Identifier: Apache-2.0
// The end of a connection whose client may still be sending: closing at once would make its system
// throw our last answer away. So we say that nothing follows, and read and forget what comes, until
// the client closes too. Private to the server.
//
// Ownership: borrows all that it is made of. Threads: the strand of the stream.
#pragma once

#include <cstdint>
#include <functional>

#include <boost/beast/core/flat_buffer.hpp>

#include "absl/time/time.h"
#include "web/client_stream.h"

namespace sloburn::web {

// How long a client is waited for; the caller sees to it.
inline constexpr absl::Duration kLingerTime = absl::Seconds(2);

class LingeringClose {
 public:
  // What is in `buffer` is forgotten.
  LingeringClose(ClientStream& stream, boost::beast::flat_buffer& buffer)
      : stream_(stream), buffer_(buffer) {}

  // `done` is called when the socket is to be closed; it must keep this object alive.
  void Start(std::function<void()> done);

 private:
  void ReadOn(std::function<void()> done);

  ClientStream& stream_;
  boost::beast::flat_buffer& buffer_;
  int64_t bytes_left_ = 0;
};

}  // namespace sloburn::web
