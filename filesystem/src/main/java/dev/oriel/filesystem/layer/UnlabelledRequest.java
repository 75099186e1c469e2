package dev.oriel.filesystem.layer;

/** A request whose security contexts a layer sets itself. */
final class UnlabelledRequest extends ForwardingRequest {
    @Override
    public int securityContexts() {
        return 0;
    }
}
