# From the French article of seed 001. Changed: print as a function, the mode that prints what Theano 0.7 printed; an array
# for the one that the article leaves out, and the figures that it shows.
import io
import numpy as np
import theano
import theano.tensor as T

a = T.dscalar('a')
b = T.dscalar('b')

c = a + 2 * b

f_1 = theano.function([a,b], c)
f_1(2,3)

w = theano.shared(np.zeros(10), name='w')
print(w.get_value())
print(a)
print(b)

np_array = np.ones(2, dtype='float64')
s_default = theano.shared(np_array)
s_false   = theano.shared(np_array, borrow=False)
s_true    = theano.shared(np_array, borrow=True)
np_array += 1
s_default.get_value()
s_false.get_value()
s_true.get_value()

a = T.dscalar('a')
w2 = theano.shared(0.0, name='w2')
c = a + 2 * b + w2

f_3 = theano.function([a, b], c, updates=({w2: w2 + 1}))

for i in range(5):
    print(f_3(2, 3))

w1 = T.dscalar('w1')
c = a + w1 * b
f_2a = theano.function([a, b], c, givens=[(w1, -2.0)])

f_2a(2, 3)

w2 = theano.shared(-2.0, name='w2')
c = a + w2 * b
try:
    f_2b = theano.function([a, b, w2], c)
except TypeError as error:
    refusal = str(error)

x_init = -1.0
x = theano.shared(x_init, name='x')
y = T.dscalar('y')

y = (x - 1.) ** 4
f_4 = theano.function([], y, updates=({x: x + 0.01}))

# into loop
iter = 1000
y_prev = (x_init -1.1) ** 4
eps = 1.e-6
for i in range(iter):
    y_update = f_4()
    y_delta = np.abs(y_update - y_prev)

    if y_delta < eps:
        x_min = x.get_value()
        break
    y_prev = y_update

print('x_min = ', x_min)

x = T.dscalar('x')
y = (x - 4) * (x ** 2 * 2+ 6)

gy = T.grad(cost=y, wrt=x)

f = theano.function(inputs=[x], outputs=gy, mode='FAST_COMPILE')
theano.pp(f.maker.fgraph.outputs[0])
f(0)
f(1)
f(2)

# Prep. variables and function
x_init = np.array([2.0, 2.0])
x = theano.shared(x_init, name='x')

a, b = (1., 100.)
# z_rb = (a - x) ** 2 + b * (y - x **2) **2
z_rb = (a - x[0]) ** 2 + b * (x[1] - x[0] **2) **2

dx = T.grad(cost=z_rb, wrt=x)

# Compile
train = theano.function(
      inputs=[],
      outputs=[z_rb],
      updates=[(x, x-0.001 *dx)]
      )
# Train
steps = 10000

print('(x,y)_init = (%9.3f, %9.3f)' % (x_init[0], x_init[1]))
path = []
for i in range(steps):
    z_tmp = train()
    path.append(x.get_value())

x_fin = x.get_value()
print('(x,y)_final= (%9.3f, %9.3f)' % (x_fin[0], x_fin[1]))

# The figures of the article.
import matplotlib.pyplot as plt
u, v = T.dmatrices('u', 'v')
surface = theano.function([u, v], (1. - u) ** 2 + 100. * (v - u ** 2) ** 2)
X, Y = np.meshgrid(np.linspace(-2, 2.5, 60), np.linspace(-1, 4, 60))
Z = surface(X, Y)
fig = plt.figure()
ax = fig.add_subplot(121, projection='3d')
ax.plot_surface(X, Y, Z)
ax = fig.add_subplot(122)
ax.contour(X, Y, np.log1p(Z), 20)
ax.plot(*np.array(path).T)
fig.savefig('rosenbrock.png')
