package dev.oriel.filesystem.layer;

import dev.oriel.linux.credential.ThreadCredentials;

/** A request of the server's own user, whoever the client's caller is. */
final class ServersRequest extends ForwardingRequest {
    private final int uid = ThreadCredentials.geteuid();
    private final int gid = ThreadCredentials.getegid();

    @Override
    public int uid() {
        return uid;
    }

    @Override
    public int gid() {
        return gid;
    }

    @Override
    public int supplementaryGid() {
        return -1;
    }
}
