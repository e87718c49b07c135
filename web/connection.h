// SPDX-License-Identifier: Apache-2.0
// One client connection: reads requests one after the other, has each answered on its lane, and
// writes the answers in order. Private to the server; the .cc does the I/O, in this order:
//
//   read head -> refuse or read body -> dispatch -> write -> read head ...
//
// What is read is in incoming_request.h, the one place that parses HTTP; what is written in
// outgoing_response.h; request_watch.h stands between them.
//
// Ownership: the pending operation holds the connection; it dies with its socket. Threads: all
// work runs on the connection's strand, except the handler, which runs on its lane's pool.
#pragma once

#include <memory>

#include <boost/asio/ip/tcp.hpp>

#include "web/connection_host.h"

namespace sloburn::web {

// Registers the connection with the host and begins to read; refuses with 503 when it is full.
// `socket` must run on a strand.
void StartConnection(std::shared_ptr<ConnectionHost> host, boost::asio::ip::tcp::socket socket);

}  // namespace sloburn::web
