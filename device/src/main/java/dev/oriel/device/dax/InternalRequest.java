package dev.oriel.device.dax;

import dev.oriel.filesystem.Request;
import java.lang.foreign.MemorySegment;

/** A request of the device itself, which fills the window and writes it back. */
record InternalRequest() implements Request {
    static final InternalRequest INSTANCE = new InternalRequest();

    @Override
    public long unique() {
        return 0;
    }

    @Override
    public int uid() {
        return 0;
    }

    @Override
    public int gid() {
        return 0;
    }

    @Override
    public int pid() {
        return 0;
    }

    @Override
    public int supplementaryGid() {
        return -1;
    }

    @Override
    public int securityContexts() {
        return 0;
    }

    @Override
    public MemorySegment securityContextName(int index) {
        return MemorySegment.NULL;
    }

    @Override
    public MemorySegment securityContextValue(int index) {
        return MemorySegment.NULL;
    }

    @Override
    public boolean mayBlock() {
        return true;
    }
}
