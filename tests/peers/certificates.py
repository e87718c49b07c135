# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by the openssl command."""
import os, subprocess



def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


class Authority:
    """A certificate authority in `folder`: ca.pem and ca.key."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.ca = self.path(name + ".pem")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                 "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", self.path(name + ".key"),
                 "-out", self.ca)

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, sans, purpose="serverAuth"):
        """NAME.pem and NAME.key; returns their paths."""
        key, request, cert, extensions = (self.path(name + end)
                                          for end in (".key", ".csr", ".pem", ".ext"))
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        with open(extensions, "w") as f:
            f.write(f"subjectAltName={sans}\nextendedKeyUsage={purpose}\n")
        _openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey",
                 self.path(self.name + ".key"), "-CAcreateserial", "-days", "2", "-extfile", extensions,
                 "-out", cert)
        return cert, key


def subject_of(der):
    """The common name's bytes are in the certificate as they are."""
    done = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=der,
                          capture_output=True, check=True, timeout=60)
    return done.stdout.decode().split("CN")[1].strip(" =\n")
