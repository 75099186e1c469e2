/** The device's events for Java Flight Recorder. They cost nothing while nobody records. The device calls them. */
@NullMarked
package dev.oriel.device.event;

import org.jspecify.annotations.NullMarked;
