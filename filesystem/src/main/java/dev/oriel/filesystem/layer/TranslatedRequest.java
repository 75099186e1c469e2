package dev.oriel.filesystem.layer;

/** A request with the ids of the host. One that is forbidden to the caller is -1, as for a caller who has none. */
final class TranslatedRequest extends ForwardingRequest {
    private final IdTranslation users;
    private final IdTranslation groups;

    TranslatedRequest(IdTranslation users, IdTranslation groups) {
        this.users = users;
        this.groups = groups;
    }

    @Override
    public int uid() {
        return (int) users.toHost(super.uid());
    }

    @Override
    public int gid() {
        return (int) groups.toHost(super.gid());
    }

    @Override
    public int supplementaryGid() {
        return (int) groups.toHost(super.supplementaryGid());
    }
}
