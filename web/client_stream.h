// SPDX-License-Identifier: Apache-2.0
// The byte stream to a client, through TLS or without: one type, so that there is one code path.
// It is what Asio and Beast call an asynchronous read and write stream. Private to the server.
//
// Threads: the strand of the socket.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace sloburn::web {

class ClientStream {
 public:
  using tcp = boost::asio::ip::tcp;
  using executor_type = tcp::socket::executor_type;

  // `tls` null: plain.
  ClientStream(tcp::socket socket, std::shared_ptr<SSL_CTX> tls)
      : socket_(std::move(socket)), context_(std::move(tls)) {
    if (context_ == nullptr) return;
    SSL* const session = SSL_new(context_.get());
    if (session == nullptr) throw std::bad_alloc();
    tls_.emplace(socket_, session);
  }
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  executor_type get_executor() { return socket_.get_executor(); }
  // What is below TLS.
  tcp::socket& socket() { return socket_; }
  const tcp::socket& socket() const { return socket_; }
  bool is_tls() const { return tls_.has_value(); }

  // Handler: void(error_code). REQUIRES: is_tls().
  template <typename Handler>
  void async_handshake(Handler&& handler) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  // Tells the client that nothing follows, and waits for it to say the same. REQUIRES: is_tls().
  template <typename Handler>
  void async_shutdown(Handler&& handler) {
    tls_->async_shutdown(std::forward<Handler>(handler));
  }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Handler>(handler));
    socket_.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Handler>(handler));
    socket_.async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  tcp::socket socket_;
  const std::shared_ptr<SSL_CTX> context_;
  std::optional<boost::asio::ssl::stream<tcp::socket&>> tls_;
};

}  // namespace sloburn::web
