"""Synthetic top-down open field with an articulated mouse; every label is exact. Pixel centres are at whole numbers."""
import cv2
import numpy as np

W, H, S = 320, 240, 2           # frame size and supersampling


def noise(rng, w, h, cell):
    a = rng.normal(0, 1, (h // cell + 3, w // cell + 3)).astype(np.float32)
    return cv2.resize(a, (w, h), interpolation=cv2.INTER_CUBIC)


def subpixels(p, o):
    """Frame coordinates to 1/16 subpixels of the large canvas, whose window begins at o."""
    q = ((np.asarray(p) + .5) * S - .5 - np.asarray(o)) * 16
    return tuple(int(round(v)) for v in q)


class Clip:
    """One arena, one animal and one random walk. style: dict of overrides (plain=True leaves out the distractors)."""

    def __init__(self, seed, plain=False, wide=False):
        r = self.rng = np.random.RandomState(seed)
        self.size = r.uniform(.8, 1.25) if wide else r.uniform(.93, 1.07)
        self.wall = r.uniform(14, 22)
        self.plain = plain
        w, h = W * S, H * S
        tone = r.uniform(130, 205) if wide else r.uniform(150, 185)
        tint = np.array([1.0, r.uniform(.9, 1.0), r.uniform(.78, .98)], np.float32)
        floor = tone + 5 * noise(r, w, h, 90) + 3.5 * noise(r, w, h, 24) + 2 * noise(r, w, h, 5)
        ang, period = r.uniform(0, np.pi), r.uniform(16, 40)
        yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
        floor += r.uniform(0, 4) * np.sin((xx * np.cos(ang) + yy * np.sin(ang)) / period)
        img = floor[:, :, None] * tint
        for _ in range(r.randint(3, 9)):          # stains and scratches
            c = (int(r.uniform(0, w)), int(r.uniform(0, h)))
            m = np.zeros((h, w), np.float32)
            if r.rand() < .5:
                cv2.ellipse(m, c, (int(r.uniform(8, 45)), int(r.uniform(6, 30))), r.uniform(0, 180), 0, 360, 1, -1)
                m = cv2.GaussianBlur(m, (0, 0), 6)
            else:
                cv2.line(m, c, (int(c[0] + r.normal(0, 80)), int(c[1] + r.normal(0, 80))), 1, 1, cv2.LINE_AA)
            img += m[:, :, None] * r.uniform(-16, 6)
        if not plain:                             # droppings and one or two objects
            for _ in range(r.randint(4, 14)):
                c = (int(r.uniform(.08, .92) * w), int(r.uniform(.1, .9) * h))
                cv2.ellipse(img, c, (int(r.uniform(4, 6)), int(r.uniform(2, 3))), r.uniform(0, 180), 0, 360,
                            tuple(float(v) for v in np.array([62, 54, 46]) * r.uniform(.8, 1.3)), -1, cv2.LINE_AA)
            for _ in range(r.randint(0, 3)):
                c = np.array([r.uniform(.15, .85) * w, r.uniform(.2, .8) * h])
                col = tuple(float(v) for v in r.uniform(60, 230, 3))
                rad = r.uniform(12, 24)
                cv2.circle(img, tuple((c + 5).astype(int)), int(rad), tuple(float(v) for v in 0.75 * tone * tint), -1, cv2.LINE_AA)
                cv2.circle(img, tuple(c.astype(int)), int(rad), col, -1, cv2.LINE_AA)
                cv2.circle(img, tuple(c.astype(int)), int(rad * .6), tuple(.8 * v for v in col), -1, cv2.LINE_AA)
        self.floor = img
        a = r.uniform(0, 2 * np.pi)
        cx, cy = w * r.uniform(.35, .65), h * r.uniform(.35, .65)
        self.light = 1 - r.uniform(.15, .4) * ((xx - cx) ** 2 / w ** 2 + (yy - cy) ** 2 / h ** 2) * 1.6 \
            + r.uniform(0, .12) * ((xx / w - .5) * np.cos(a) + (yy / h - .5) * np.sin(a))
        self.shadow = np.array([np.cos(a), np.sin(a)]) * r.uniform(2, 5) * S
        self.wall_tone = r.uniform(60, 120) * tint
        self.gloss = r.uniform(.1, .38)
        self.fur = np.array([1.0, .92, .84]) * (r.uniform(38, 95) if wide else r.uniform(48, 68))
        self.ear = np.array([1.28, 1.0, .98]) * r.uniform(.95, 1.5) * self.fur + 14
        self.furtex = noise(r, 256, 256, 3) * 5
        self.cable = (not plain) and r.rand() < .6
        self.cable_from = np.array([r.uniform(.3, .7) * W, -6.0])
        self.cable_tone = r.uniform(25, 60) if r.rand() < .5 else r.uniform(190, 235)
        self.phase = r.uniform(0, 6.28)
        self.sigma = r.uniform(2.0, 5.0)
        self.pos = np.array([r.uniform(.25, .75) * W, r.uniform(.3, .7) * H])
        self.head, self.speed, self.turn = r.uniform(0, 2 * np.pi), 2.0, 0.0
        self.state, self.left, self.rear, self.bob = "walk", 60, 0.0, 0.0
        self.trail = [self.pos - np.array([np.cos(self.head), np.sin(self.head)]) * i for i in range(300, 0, -1)]
        self.t = 0
        for _ in range(120):
            self.step()

    def step(self):
        r = self.rng
        self.t += 1
        self.left -= 1
        if self.left <= 0:
            self.state = r.choice(["walk", "run", "stop", "rear"], p=[.5, .2, .18, .12])
            self.left = r.randint(20, 80) if self.state in ("walk", "run") else r.randint(10, 40)
        want = {"walk": 2.0, "run": 4.2, "stop": 0.0, "rear": 0.0}[self.state] * self.size
        self.speed += .15 * (want - self.speed) + r.normal(0, .06)
        self.speed = max(self.speed, 0)
        self.rear += .18 * ((1.0 if self.state == "rear" else 0.0) - self.rear)
        self.turn += -.1 * self.turn + r.normal(0, .013)
        m = self.wall + 9
        ahead = self.pos + 28 * np.array([np.cos(self.head), np.sin(self.head)])
        if not (m < ahead[0] < W - m and m < ahead[1] < H - m):
            to = np.arctan2(H / 2 - self.pos[1], W / 2 - self.pos[0])
            d = (to - self.head + np.pi) % (2 * np.pi) - np.pi
            self.turn += .03 * np.sign(d)
        self.turn = np.clip(self.turn, -.17, .17)
        self.head += self.turn * min(1, self.speed / 1.5)
        new = self.pos + self.speed * np.array([np.cos(self.head), np.sin(self.head)])
        new = np.clip(new, [m - 5, m - 5], [W - m + 5, H - m + 5])
        self.pos = new
        if np.linalg.norm(new - self.trail[-1]) > .4:
            self.trail.append(new)
            self.trail = self.trail[-400:]
        self.bob = .35 * np.sin(.13 * self.t + self.phase) + .25 * np.sin(.031 * self.t)

    def spine(self, length, n):
        """n points, `length` apart in all, back from the neck along the walked path."""
        pts = [self.pos] + self.trail[::-1]
        pts = np.array(pts)
        seg = np.r_[0, np.cumsum(np.linalg.norm(np.diff(pts, axis=0), axis=1))]
        q = np.linspace(0, length, n)
        return np.stack([np.interp(q, seg, pts[:, 0]), np.interp(q, seg, pts[:, 1])], 1)

    def skeleton(self):
        z = self.size
        body = 44 * z * (1 - .34 * self.rear)
        b = self.spine(body, 12)
        # smoothing stands for the stiffness of the back
        for _ in range(3):
            b[1:-1] = .25 * b[:-2] + .5 * b[1:-1] + .25 * b[2:]
        fwd = b[0] - b[2]
        fwd = fwd / (np.linalg.norm(fwd) + 1e-9)
        a = np.arctan2(fwd[1], fwd[0]) + self.bob
        d = np.array([np.cos(a), np.sin(a)])
        left = np.array([d[1], -d[0]])
        skull = b[0] + d * 7 * z * (1 - .25 * self.rear)
        snout = skull + d * 10.5 * z * (1 - .3 * self.rear)
        le, re = skull - d * 3.2 * z + left * 7.2 * z, skull - d * 3.2 * z - left * 7.2 * z
        base = b[-1]
        tail_all = self.spine(body + 46 * z, 40)
        k = np.searchsorted(np.linspace(0, body + 46 * z, 40), body)
        tail = tail_all[k:].copy()
        tail += base - tail[0]
        n = np.arange(len(tail))
        back = tail[-1] - tail[0]
        back = np.array([-back[1], back[0]]) / (np.linalg.norm(back) + 1e-9)
        tail += back[None] * (np.sin(n * .28 + .07 * self.t + self.phase) * n * .16)[:, None]
        return b, skull, d, left, snout, le, re, base, tail

    def render(self):
        """The picture, and snout, left ear, right ear and base of the tail in its pixels."""
        _, _, _, _, snout, le, re, base, _ = self.skeleton()
        return self.finish(self.draw(self.floor.copy())), np.array([snout, le, re, base])

    def draw(self, full):
        """Draws the animal, with its shadow, onto a large picture [height * S, width * S, 3]."""
        z = self.size
        b, skull, d, left, snout, le, re, base, tail = self.skeleton()
        h, w = full.shape[:2]
        every = np.concatenate([b, tail, [snout, le, re]])
        ox, oy = (int(v) for v in np.maximum((every.min(0) - 24) * S, 0))
        ex, ey = (int(v) for v in np.minimum((every.max(0) + 24) * S, [w, h]))
        img = full[oy:ey, ox:ex]                   # everything about the animal happens in this window
        h, w = img.shape[:2]

        def P(p):
            return subpixels(p, (ox, oy))

        def disc(m, p, rad, v):
            cv2.circle(m, P(p), int(round(rad * S * 16)), v, -1, cv2.LINE_AA, 4)

        width = np.interp(np.linspace(0, 1, 12), [0, .2, .5, .75, .92, 1], [7.5, 9, 11.2, 11.8, 8, 4.5]) * z * (1 + .12 * self.rear)
        body = np.zeros((h, w), np.uint8)
        shade = np.zeros((h, w), np.float32)
        for shrink in (1.0, .8, .6, .4, .2):
            lay = np.zeros((h, w), np.uint8)
            for p, q in zip(b, width):
                disc(lay, p, q * shrink, 255)
            for k in np.linspace(0, 1, 6):
                disc(lay, skull + (snout - skull) * k, (7.4 * (1 - k) + 2.0 * k) * z * shrink, 255)
            if shrink == 1.0:
                body = lay
            shade += lay.astype(np.float32) / 255 / 5
        pts = np.array([P(p) for p in tail], np.int32)
        tl = np.zeros((h, w), np.uint8)
        for i in range(len(pts) - 1):
            cv2.line(tl, tuple(map(int, pts[i])), tuple(map(int, pts[i + 1])), 255, max(1, int(round((3.2 - 2.0 * i / len(pts)) * z * S / 2))),
                     cv2.LINE_AA, 4)
        cover = np.maximum(body, tl).astype(np.float32) / 255
        M = np.float32([[1, 0, self.shadow[0]], [0, 1, self.shadow[1]]])
        sh = cv2.GaussianBlur(cv2.warpAffine(cover, M, (w, h)), (0, 0), 2.5 * S)
        img = img * (1 - .38 * sh)[:, :, None]
        tcol = (self.fur * .7 + np.array([95, 70, 66]) * .55)
        a = (tl.astype(np.float32) / 255)[:, :, None]
        img = img * (1 - a) + a * tcol.astype(np.float32)
        x0, y0 = int(b[6][0] * S) - 128 - ox, int(b[6][1] * S) - 128 - oy
        tex = np.zeros((h, w), np.float32)
        ys, xs = slice(max(y0, 0), min(y0 + 256, h)), slice(max(x0, 0), min(x0 + 256, w))
        tex[ys, xs] = self.furtex[ys.start - y0:ys.stop - y0, xs.start - x0:xs.stop - x0]
        shade = cv2.GaussianBlur(shade, (0, 0), 1.6)
        furimg = self.fur.astype(np.float32) * (.72 + .5 * shade)[:, :, None] + tex[:, :, None]
        a = (cv2.GaussianBlur(body, (0, 0), .7).astype(np.float32) / 255)[:, :, None]
        img = img * (1 - a) + a * furimg
        for e in (le, re):
            m = np.zeros((h, w), np.uint8)
            disc(m, e, 4.3 * z, 255)
            a = (m.astype(np.float32) / 255)[:, :, None]
            img = img * (1 - a) + a * self.fur.astype(np.float32) * .8
            m[:] = 0
            disc(m, e, 3.1 * z, 255)
            a = (m.astype(np.float32) / 255)[:, :, None] * .85
            img = img * (1 - a) + a * self.ear.astype(np.float32)
        for s in (-1, 1):                          # eyes, and the pink nose
            m = np.zeros((h, w), np.uint8)
            disc(m, skull + d * 3.8 * z + left * s * 4.3 * z, .9 * z, 255)
            a = (m.astype(np.float32) / 255)[:, :, None]
            img = img * (1 - a) + a * 12
        m = np.zeros((h, w), np.uint8)
        disc(m, snout - d * .3, 1.3 * z, 255)
        a = (m.astype(np.float32) / 255)[:, :, None]
        img = img * (1 - a) + a * (self.fur * .5 + np.array([105, 70, 70])).astype(np.float32)
        full[oy:ey, ox:ex] = img
        return full

    def finish(self, img):
        """Walls, cable, light, noise: the picture of a large one."""
        r, b = self.rng, self.skeleton()[0]
        # walls, with a dim mirror image of what is just inside them
        k = int(self.wall * S)
        for axis in (0, 1):
            v = img if axis == 0 else img.transpose(1, 0, 2)
            n = v.shape[0]
            ramp = np.linspace(.75, 1.15, k)[:, None, None]
            tone = np.asarray(self.wall_tone, np.float32)
            g = self.gloss
            v[:k] = (1 - g) * tone * ramp[::-1] + g * cv2.GaussianBlur(np.ascontiguousarray(v[k:2 * k][::-1]), (0, 0), 2.0)
            v[n - k:] = (1 - g) * tone * ramp * .9 + g * cv2.GaussianBlur(np.ascontiguousarray(v[n - 2 * k:n - k][::-1]), (0, 0), 2.0)
        if self.cable:
            p0, p2 = self.cable_from, b[1]
            p1 = (p0 + p2) / 2 + np.array([30 * np.sin(.05 * self.t + self.phase), 18 * np.cos(.037 * self.t)])
            q = np.linspace(0, 1, 24)[:, None]
            c = (1 - q) ** 2 * p0 + 2 * q * (1 - q) * p1 + q ** 2 * p2
            cv2.polylines(img, [np.array([subpixels(v, (0, 0)) for v in c], np.int32)], False, (self.cable_tone,) * 3, int(2 * S), cv2.LINE_AA, 4)
        img *= self.light[:, :, None]
        out = cv2.resize(img.astype(np.float32), (W, H), interpolation=cv2.INTER_AREA)
        flick = 1 + .01 * np.sin(self.t * .9)
        out = out * flick + r.normal(0, self.sigma, out.shape) + r.normal(0, self.sigma * .6, out.shape[:2])[:, :, None]
        return np.clip(out + .5, 0, 255).astype(np.uint8)
