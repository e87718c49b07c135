// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/remote/tls_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "base/check.h"

namespace sloburn::remote {

Certificate::Certificate(const std::string& file_name, const std::string& subject_alternative_name)
    : cert_file(testing::TempDir() + "/" + file_name + ".crt"),
      key_file(testing::TempDir() + "/" + file_name + ".key") {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  X509_NAME* const subject = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(file_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(cert, subject);
  X509_EXTENSION* const names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject_alternative_name.c_str());
  X509_add_ext(cert, names, -1);
  X509_EXTENSION_free(names);
  CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
  FILE* file = fopen(cert_file.c_str(), "w");
  PEM_write_X509(file, cert);
  fclose(file);
  file = fopen(key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  fclose(file);
  X509_free(cert);
  EVP_PKEY_free(key);
}

TlsServer::TlsServer(const Certificate& certificate, const std::string& client_ca)
    : context_(SSL_CTX_new(TLS_server_method())) {
  CHECK(SSL_CTX_use_certificate_file(context_, certificate.cert_file.c_str(), SSL_FILETYPE_PEM) ==
        1);
  CHECK(SSL_CTX_use_PrivateKey_file(context_, certificate.key_file.c_str(), SSL_FILETYPE_PEM) == 1);
  if (!client_ca.empty()) {
    CHECK(SSL_CTX_load_verify_locations(context_, client_ca.c_str(), nullptr) == 1);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(listen(listener_, 8) == 0);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

TlsServer::~TlsServer() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
  SSL_CTX_free(context_);
}

std::string TlsServer::server_name() const {
  absl::MutexLock lock(&mutex_);
  return server_name_;
}

std::string TlsServer::last_request() const {
  absl::MutexLock lock(&mutex_);
  return last_request_;
}

void TlsServer::Serve() {
  for (int fd = 0; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; close(fd)) {
    const timeval limit{2, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    SSL* const ssl = SSL_new(context_);
    SSL_set_fd(ssl, fd);
    char request[4096];
    int size = 0;
    if (SSL_accept(ssl) == 1 && (size = SSL_read(ssl, request, sizeof request)) > 0) {
      const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
      {
        absl::MutexLock lock(&mutex_);
        server_name_ = name != nullptr ? name : "";
        last_request_.assign(request, static_cast<size_t>(size));
      }
      const std::string_view answer =
          "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret";
      SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
  }
}

}  // namespace sloburn::remote
